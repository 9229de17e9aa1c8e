#include "dumpfile/text_out.h"

#include "base/check.h"

namespace tideway {

void TextOut::flush() {
  const auto bytes = static_cast<std::size_t>(at_ - buffer_.get());
  if (bytes == 0) return;
  CHECK(file_ != nullptr);
  if (!error_) {
    auto written = file_->write({buffer_.get(), bytes}, stop_);
    if (!written) error_ = std::move(written).error();
  }
  flushed_ += bytes;
  at_ = buffer_.get();
}

}  // namespace tideway
