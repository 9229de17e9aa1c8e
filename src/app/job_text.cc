#include "app/job_text.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace tideway {
namespace {

using Json = nlohmann::ordered_json;

Json parsed(std::string_view line) {
  Json json = Json::parse(line, nullptr, false);
  return json.is_object() ? json : Json::object();
}

std::string text_in(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end()) return "";
  return visible(found->is_string() ? found->get<std::string>() : found->dump());
}

std::vector<std::string> texts_in(const Json& json, const char* name) {
  std::vector<std::string> texts;
  const auto found = json.find(name);
  if (found == json.end() || !found->is_array()) return texts;
  for (const Json& each : *found) {
    if (each.is_string()) texts.push_back(visible(each.get<std::string>()));
  }
  return texts;
}

}  // namespace

JobStatus parse_job_status(std::string_view line) {
  const Json json = parsed(line);
  return {text_in(json, "job"), text_in(json, "line"),
          fmt::format("{}\n{}\n{}\n{}", text_in(json, "phase"), text_in(json, "paused"),
                      text_in(json, "waiting_for").empty(), text_in(json, "warning_count")),
          texts_in(json, "block")};
}

std::string job_text(std::string_view line) {
  const Json json = parsed(line);
  std::string text = fmt::format("{}   pid {}, since {}\n", text_in(json, "job"),
                                 text_in(json, "pid"), text_in(json, "started"));
  for (const std::string& each : texts_in(json, "block")) text += "  " + each + "\n";
  return text + fmt::format("  can be asked: {}\n", fmt::join(texts_in(json, "verbs"), ", "));
}

std::string error_text(std::string_view line) {
  const Json json = parsed(line);
  if (text_in(json, "event") != "error") return "";
  return fmt::format("{} {} ({}): {}\n", text_in(json, "code"), text_in(json, "name"),
                     text_in(json, "side"), text_in(json, "message"));
}

std::string gone_line(const std::string& job) {
  return Json{{"event", "status"}, {"job", job}, {"running", false}}.dump(
      -1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tideway
