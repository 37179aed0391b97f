// Text made harmless for one kind of place each, and cut to what a receiver takes.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace sekisho {

std::string slack_text(std::string_view text);    // & < > as entities: no link, no mention
std::string discord_text(std::string_view text);  // markdown, mentions and links lose their meaning
std::string json_text_of(std::string_view text);  // "…" with quotes, ASCII only
std::string base64_text(std::string_view bytes);
// At most `bytes`, at a character's border, with an ellipsis.
std::string cut_text(std::string_view text, std::size_t bytes);
std::vector<std::string> lines_of(std::string_view text);  // without empty ones
// HMAC-SHA256, 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view text);
std::string from_base64(std::string_view text);  // empty when it is none

}  // namespace sekisho
