// Text in HTML.
#pragma once
#include <string>
#include <string_view>

namespace sekisho {

// & < > " ' as entities: for text between tags and in quoted attributes. Control characters stay: see escape_hostile().
std::string html_escaped(std::string_view text);

}  // namespace sekisho
