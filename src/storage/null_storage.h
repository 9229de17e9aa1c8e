#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "storage/storage.h"

namespace tideway {

// `noop://`: takes everything, counts the bytes, keeps nothing. Nothing can be read back.
class NullStorage : public Storage {
 public:
  Result<std::vector<StoredFile>> list() override { return std::vector<StoredFile>{}; }
  Result<std::unique_ptr<ByteReader>> open_read(std::string_view path,
                                                std::uint64_t offset = 0) override;
  Result<std::unique_ptr<ByteWriter>> open_write(std::string_view path,
                                                 const std::stop_token& stop) override;
  Result<std::unique_ptr<ByteAppender>> open_append(std::string_view path,
                                                    const std::stop_token& stop) override;
  Result<void> remove(std::string_view) override { return {}; }
  Result<std::optional<std::uint64_t>> size(std::string_view) override { return std::nullopt; }
  Result<std::uint64_t> free_bytes() override { return endless_bytes; }
  Result<std::size_t> remove_abandoned() override { return 0U; }
  std::string name() const override { return "noop://"; }

  std::uint64_t written_bytes() const { return written_bytes_; }

 private:
  std::atomic<std::uint64_t> written_bytes_ = 0;
};

}  // namespace tideway
