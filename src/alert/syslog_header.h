// What syslog and CEF share: the header, and where such lines can go.
#pragma once
#include <string>

#include "alert/channel.h"

namespace sekisho {

// "<129>1 2026-11-22T02:15:10.000000Z web-3 sekisho - incident ": facility local0.
std::string syslog_header(const Alert& alert, std::string_view message_id);
Result<void> check_syslog_url(const AlertChannel& channel);
bool is_stream(const AlertChannel& channel);  // tcp:// or tls://
std::string clean_line(std::string_view text);

}  // namespace sekisho
