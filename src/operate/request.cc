#include "operate/request.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "model/certificate.h"

namespace tideway {
namespace {

using Json = nlohmann::ordered_json;

std::string line_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Discarded when it is no JSON.
Json parsed(std::string_view line) { return Json::parse(line, nullptr, false); }

std::string text_in(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

Error unreadable(const std::string& why) {
  return {ErrorCode::usage, Side::local, Retry::never,
          "a request is one JSON object on one line, like {\"verb\":\"status\"}: " + why};
}

// The error that an `error` event tells of. A code that this version does not know is internal.
Error error_of(const Json& json) {
  const std::string code = text_in(json, "code");
  const auto page = std::ranges::find_if(
      error_pages(), [&code](const ErrorPage& each) { return to_text(each.code) == code; });
  Evidence evidence;
  evidence.statement = text_in(json, "next");
  return {page == error_pages().end() ? ErrorCode::internal : page->code, Side::local,
          Retry::after_operator, std::move(evidence), text_in(json, "message")};
}

}  // namespace

std::string to_line(const Request& request) {
  Json json = {{"verb", request.verb}};
  if (!request.argument.empty()) json["argument"] = request.argument;
  return line_of(json);
}

Result<Request> parse_request(std::string_view line) {
  const Json json = parsed(line);
  if (json.is_discarded() || !json.is_object()) return fail(unreadable("this is none"));
  const auto verb = json.find("verb");
  if (verb == json.end() || !verb->is_string()) return fail(unreadable("verb must be a text"));
  const auto argument = json.find("argument");
  if (argument != json.end() && !argument->is_string())
    return fail(unreadable("argument must be a text"));
  return Request{text_in(json, "verb"), text_in(json, "argument")};
}

std::string answer_line(const std::string& verb, const std::string& text) {
  Json json = {{"event", "answer"}, {"time", to_text(std::chrono::system_clock::now())}};
  json["verb"] = verb;
  json["text"] = text;
  return line_of(json);
}

Result<std::string> parse_answer(std::string_view line) {
  const Json json = parsed(line);
  const std::string event = json.is_object() ? text_in(json, "event") : "";
  if (event == "answer") return text_in(json, "text");
  if (event == "error") return fail(error_of(json));
  return fail(Error(ErrorCode::unexpected_answer, Side::local, Retry::never,
                    "the job answered in a way that this version does not understand"));
}

std::optional<unsigned> parse_end(std::string_view line) {
  const Json json = parsed(line);
  if (!json.is_object() || text_in(json, "event") != "end") return std::nullopt;
  const auto exit = json.find("exit");
  if (exit == json.end() || !exit->is_number_unsigned()) return std::nullopt;
  return exit->get<unsigned>();
}

}  // namespace tideway
