#include "recipe/place.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/text.h"
#include "storage/null_storage.h"

namespace tideway::recipe {

void SpaceWatch::waiting(const SpaceShortage& shortage) {
  text_.with([&](std::string& text) {
    text = fmt::format("space: need {}, have {} for {}", human_bytes(shortage.need_bytes),
                       human_bytes(shortage.have_bytes), shortage.path);
  });
}

void SpaceWatch::resumed(std::string_view) {
  text_.with([](std::string& text) { text.clear(); });
}

std::string SpaceWatch::text() const {
  return text_.with([](const std::string& text) { return text; });
}

Result<std::unique_ptr<Storage>> open_place(const std::string& url, SpaceWatch& watch) {
  const std::size_t colon = url.find("://");
  const std::string scheme =
      colon == std::string::npos ? "local" : ascii_lower(url.substr(0, colon));
  if (scheme == "noop") return std::make_unique<NullStorage>();
  if (scheme != "local" && scheme != "file") {
    return fail(Error(ErrorCode::not_supported, Side::local, Retry::never,
                      fmt::format("{}:// cannot be opened: this version knows directories "
                                  "(local://, file:// or a path) and noop://",
                                  scheme)));
  }
  const std::string path = colon == std::string::npos ? url : url.substr(colon + 3);
  if (path.empty())
    return fail(Error(ErrorCode::usage, Side::local, Retry::never, "the directory is missing"));
  SpacePolicy space;
  space.observer = &watch;
  space.budget = watch.budget();
  auto place = std::make_unique<LocalStorage>(
      std::filesystem::absolute(path).lexically_normal().string(), space);
  if (space.budget != nullptr && std::filesystem::exists(place->name())) {
    for (const StoredFile& file : TRY(place->list()))
      TRY(space.budget->take(file.bytes, file.path));
  }
  return place;
}

}  // namespace tideway::recipe
