#include "storage/null_storage.h"

namespace tideway {
namespace {

class NullWriter : public ByteWriter {
 public:
  explicit NullWriter(std::atomic<std::uint64_t>& total) : total_(total) {}
  Result<void> write(std::string_view bytes, const std::stop_token&) override {
    stored_bytes_ += bytes.size();
    total_ += bytes.size();
    return {};
  }
  Result<void> publish(const std::stop_token&) override { return {}; }
  std::uint64_t stored_bytes() const override { return stored_bytes_; }

 private:
  std::atomic<std::uint64_t>& total_;
  std::uint64_t stored_bytes_ = 0;
};

// A journal that forgets: what runs into it starts over next time.
class NullAppender : public ByteAppender {
 public:
  Result<void> append(std::string_view, const std::stop_token&) override { return {}; }
};

}  // namespace

Result<std::unique_ptr<ByteReader>> NullStorage::open_read(std::string_view path, std::uint64_t) {
  return fail(Error(ErrorCode::storage_missing, Side::local, Retry::never,
                    "noop:// keeps nothing, so '" + std::string(path) + "' cannot be read"));
}

Result<std::unique_ptr<ByteWriter>> NullStorage::open_write(std::string_view,
                                                            const std::stop_token&) {
  return std::make_unique<NullWriter>(written_bytes_);
}

Result<std::unique_ptr<ByteAppender>> NullStorage::open_append(std::string_view,
                                                               const std::stop_token&) {
  return std::make_unique<NullAppender>();
}

}  // namespace tideway
