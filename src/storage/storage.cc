#include "storage/storage.h"

#include "base/text.h"

namespace tideway {

Result<std::string> read_all(Storage& storage, std::string_view path, std::uint64_t most_bytes) {
  auto reader = TRY(storage.open_read(path));
  std::string bytes;
  constexpr std::size_t step = 64 << 10U;
  while (true) {
    const std::size_t start = bytes.size();
    bytes.resize(start + step);
    const std::size_t got = TRY(reader->read(bytes.data() + start, step));
    bytes.resize(start + got);
    if (got == 0) return bytes;
    if (bytes.size() > most_bytes) {
      return fail(Error(ErrorCode::file_unexpected, Side::local, Retry::never,
                        std::string(path) + " in " + storage.name() + " is larger than the " +
                            human_bytes(most_bytes) + " such a file may have"));
    }
  }
}

Result<void> write_all(Storage& storage, std::string_view path, std::string_view bytes,
                       const std::stop_token& stop) {
  auto writer = TRY(storage.open_write(path, stop));
  TRY(writer->write(bytes, stop));
  return writer->publish(stop);
}

bool is_plain_path(std::string_view path) {
  if (path.empty() || path.find('\0') != std::string_view::npos) return false;
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    if (name.empty() || name == "." || name == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace tideway
