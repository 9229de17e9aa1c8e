#include <fmt/core.h>
#include <zstd.h>

#include "base/check.h"
#include "storage/stream_codecs.h"

namespace tideway {
namespace {

class ZstdWriter : public ByteWriter {
 public:
  explicit ZstdWriter(std::unique_ptr<ByteWriter> file)
      : file_(std::move(file)), context_(ZSTD_createCCtx()), out_(ZSTD_CStreamOutSize(), '\0') {
    CHECK(context_ != nullptr);
    ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, 1);
    ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
  }
  ZstdWriter(const ZstdWriter&) = delete;
  ZstdWriter& operator=(const ZstdWriter&) = delete;
  ~ZstdWriter() override { ZSTD_freeCCtx(context_); }

  Result<void> write(std::string_view bytes, const std::stop_token& stop) override {
    return pack(bytes, ZSTD_e_continue, stop);
  }
  Result<void> publish(const std::stop_token& stop) override {
    TRY(pack({}, ZSTD_e_end, stop));
    return file_->publish(stop);
  }
  std::uint64_t stored_bytes() const override { return file_->stored_bytes(); }

 private:
  Result<void> pack(std::string_view bytes, ZSTD_EndDirective mode, const std::stop_token& stop) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    while (true) {
      ZSTD_outBuffer out{out_.data(), out_.size(), 0};
      const std::size_t left = ZSTD_compressStream2(context_, &out, &in, mode);
      if (ZSTD_isError(left) != 0) {
        return fail(Error(ErrorCode::internal, Side::local, Retry::never,
                          fmt::format("zstd: {}", ZSTD_getErrorName(left))));
      }
      if (out.pos != 0) TRY(file_->write(std::string_view(out_).substr(0, out.pos), stop));
      if (mode == ZSTD_e_end ? left == 0 : in.pos == in.size) return {};
    }
  }

  std::unique_ptr<ByteWriter> file_;
  ZSTD_CCtx* const context_;
  std::string out_;
};

// Reads any number of frames, skippable ones included.
class ZstdReader : public ByteReader {
 public:
  ZstdReader(std::unique_ptr<ByteReader> file, std::string path)
      : input_(std::move(file), std::move(path)), context_(ZSTD_createDCtx()) {
    CHECK(context_ != nullptr);
  }
  ZstdReader(const ZstdReader&) = delete;
  ZstdReader& operator=(const ZstdReader&) = delete;
  ~ZstdReader() override { ZSTD_freeDCtx(context_); }

  Result<std::size_t> read(char* to, std::size_t most) override {
    ZSTD_outBuffer out{to, most, 0};
    while (out.pos == 0 && most != 0) {
      if (!has_more_inside_) TRY(input_.want(1));
      const std::string_view packed = input_.visible();
      if (packed.empty() && !has_more_inside_) {
        if (!has_frame_) return fail(input_.corrupt("an empty file is not zstd"));
        if (is_in_frame_) return fail(input_.corrupt("the file ends inside a zstd frame"));
        return 0U;
      }
      ZSTD_inBuffer in{packed.data(), packed.size(), 0};
      const std::size_t left = ZSTD_decompressStream(context_, &out, &in);
      if (ZSTD_isError(left) != 0)
        return fail(input_.corrupt(fmt::format("zstd: {}", ZSTD_getErrorName(left))));
      input_.take(in.pos);
      has_frame_ = true;
      is_in_frame_ = left != 0;
      // A full output may leave unpacked bytes in the context, to be asked for without new input.
      has_more_inside_ = is_in_frame_ && out.pos == out.size;
    }
    return out.pos;
  }

 private:
  PackedInput input_;
  ZSTD_DCtx* const context_;
  bool has_frame_ = false, is_in_frame_ = false, has_more_inside_ = false;
};

}  // namespace

std::unique_ptr<ByteWriter> zstd_writer(std::unique_ptr<ByteWriter> file) {
  return std::make_unique<ZstdWriter>(std::move(file));
}
std::unique_ptr<ByteReader> zstd_reader(std::unique_ptr<ByteReader> file, std::string path) {
  return std::make_unique<ZstdReader>(std::move(file), std::move(path));
}

}  // namespace tideway
