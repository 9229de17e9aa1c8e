#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/guarded.h"
#include "storage/storage.h"

namespace tideway::testing {

// A storage whose Nth call fails, counting every call of its own and of what it opens. A failing
// call does nothing (write and append: with `tears`, the first half is still done). Everything
// after it fails too, as if the process had lost the disk at that moment: what `inner` then holds
// is what a restart would find.
class FaultStorage : public Storage {
 public:
  explicit FaultStorage(Storage& inner) : inner_(inner) {}
  void fail_at(std::uint64_t call, bool tears = false);  // 1: the next one; 0: never
  std::uint64_t calls() const;

  Result<std::vector<StoredFile>> list() override;
  Result<std::unique_ptr<ByteReader>> open_read(std::string_view path,
                                                std::uint64_t offset = 0) override;
  Result<std::unique_ptr<ByteWriter>> open_write(std::string_view path,
                                                 const std::stop_token& stop) override;
  Result<std::unique_ptr<ByteAppender>> open_append(std::string_view path,
                                                    const std::stop_token& stop) override;
  Result<void> remove(std::string_view path) override;
  Result<std::optional<std::uint64_t>> size(std::string_view path) override;
  Result<std::uint64_t> free_bytes() override;
  Result<std::size_t> remove_abandoned() override;
  std::string name() const override { return "faulty " + inner_.name(); }

  struct Plan {
    std::uint64_t calls = 0, fail_at = 0;
    bool tears = false;
  };
  enum class Fate { works, tears, fails };
  Fate next_call();
  static Error lost();

 private:
  Storage& inner_;
  Guarded<Plan> plan_;
};

}  // namespace tideway::testing
