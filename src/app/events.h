#pragma once

#include <string>
#include <string_view>

#include "app/pace.h"
#include "base/error.h"
#include "model/certificate.h"

namespace tideway {

// The lines of --json: one object each, with "event" and "time" first. docs/events.md describes
// them; members are only ever added.
std::string start_event(std::string_view command, std::string_view version);
std::string phase_event(const Status& status);
std::string status_event(const Figures& figures);
std::string warning_event(std::string_view text);
std::string note_event(std::string_view text);
std::string error_event(const Error& error);
std::string certificate_event(const Certificate& certificate);
std::string end_event(ExitCode code);

}  // namespace tideway
