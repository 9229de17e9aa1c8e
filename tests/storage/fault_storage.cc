#include "storage/fault_storage.h"

namespace tideway::testing {
namespace {

class FaultReader : public ByteReader {
 public:
  FaultReader(FaultStorage& storage, std::unique_ptr<ByteReader> inner)
      : storage_(storage), inner_(std::move(inner)) {}
  Result<std::size_t> read(char* to, std::size_t most) override {
    if (storage_.next_call() != FaultStorage::Fate::works) return fail(FaultStorage::lost());
    return inner_->read(to, most);
  }

 private:
  FaultStorage& storage_;
  std::unique_ptr<ByteReader> inner_;
};

class FaultWriter : public ByteWriter {
 public:
  FaultWriter(FaultStorage& storage, std::unique_ptr<ByteWriter> inner)
      : storage_(storage), inner_(std::move(inner)) {}
  Result<void> write(std::string_view bytes, const std::stop_token& stop) override {
    if (storage_.next_call() != FaultStorage::Fate::works) return fail(FaultStorage::lost());
    return inner_->write(bytes, stop);
  }
  Result<void> publish(const std::stop_token& stop) override {
    if (storage_.next_call() != FaultStorage::Fate::works) return fail(FaultStorage::lost());
    return inner_->publish(stop);
  }
  std::uint64_t stored_bytes() const override { return inner_->stored_bytes(); }

 private:
  FaultStorage& storage_;
  std::unique_ptr<ByteWriter> inner_;
};

class FaultAppender : public ByteAppender {
 public:
  FaultAppender(FaultStorage& storage, std::unique_ptr<ByteAppender> inner)
      : storage_(storage), inner_(std::move(inner)) {}
  Result<void> append(std::string_view bytes, const std::stop_token& stop) override {
    const auto fate = storage_.next_call();
    if (fate == FaultStorage::Fate::works) return inner_->append(bytes, stop);
    if (fate == FaultStorage::Fate::tears)
      static_cast<void>(inner_->append(bytes.substr(0, bytes.size() / 2), stop));
    return fail(FaultStorage::lost());
  }

 private:
  FaultStorage& storage_;
  std::unique_ptr<ByteAppender> inner_;
};

}  // namespace

void FaultStorage::fail_at(std::uint64_t call, bool tears) {
  plan_.with([=](Plan& plan) { plan = {0, call, tears}; });
}
std::uint64_t FaultStorage::calls() const {
  return plan_.with([](const Plan& plan) { return plan.calls; });
}

FaultStorage::Fate FaultStorage::next_call() {
  return plan_.with([](Plan& plan) {
    ++plan.calls;
    if (plan.fail_at == 0 || plan.calls < plan.fail_at) return Fate::works;
    return plan.calls == plan.fail_at && plan.tears ? Fate::tears : Fate::fails;
  });
}

Error FaultStorage::lost() {
  return {ErrorCode::storage_write, Side::local, Retry::after_operator,
          "the test took the disk away"};
}

Result<std::vector<StoredFile>> FaultStorage::list() {
  if (next_call() != Fate::works) return fail(lost());
  return inner_.list();
}
Result<std::unique_ptr<ByteReader>> FaultStorage::open_read(std::string_view path,
                                                            std::uint64_t offset) {
  if (next_call() != Fate::works) return fail(lost());
  return std::make_unique<FaultReader>(*this, TRY(inner_.open_read(path, offset)));
}
Result<std::unique_ptr<ByteWriter>> FaultStorage::open_write(std::string_view path,
                                                             const std::stop_token& stop) {
  if (next_call() != Fate::works) return fail(lost());
  return std::make_unique<FaultWriter>(*this, TRY(inner_.open_write(path, stop)));
}
Result<std::unique_ptr<ByteAppender>> FaultStorage::open_append(std::string_view path,
                                                                const std::stop_token& stop) {
  if (next_call() != Fate::works) return fail(lost());
  return std::make_unique<FaultAppender>(*this, TRY(inner_.open_append(path, stop)));
}
Result<void> FaultStorage::remove(std::string_view path) {
  if (next_call() != Fate::works) return fail(lost());
  return inner_.remove(path);
}
Result<std::optional<std::uint64_t>> FaultStorage::size(std::string_view path) {
  if (next_call() != Fate::works) return fail(lost());
  return inner_.size(path);
}
Result<std::uint64_t> FaultStorage::free_bytes() {
  if (next_call() != Fate::works) return fail(lost());
  return inner_.free_bytes();
}
Result<std::size_t> FaultStorage::remove_abandoned() {
  if (next_call() != Fate::works) return fail(lost());
  return inner_.remove_abandoned();
}

}  // namespace tideway::testing
