// Embedded files by path.
#include "web/assets.h"

#include <charconv>
#include <vector>

extern "C" const char sekisho_page_begin[], sekisho_page_end[];

namespace sekisho {

std::map<std::string_view, Asset> read_bundle(std::string_view bundle) {
  struct Line {
    std::string_view path, type, etag, encoding;
    std::size_t size = 0;
  };
  std::vector<Line> lines;
  while (!bundle.empty()) {
    const auto end = bundle.find('\n');
    if (end == std::string_view::npos) return {};
    auto text = bundle.substr(0, end);
    bundle.remove_prefix(end + 1);
    if (text.empty()) break;
    std::string_view words[5];
    for (auto& word : words) {
      const auto space = text.find(' ');
      word = text.substr(0, space);
      text = space == std::string_view::npos ? std::string_view{} : text.substr(space + 1);
    }
    Line line{words[0], words[1], words[2], words[3]};
    if (std::from_chars(words[4].data(), words[4].data() + words[4].size(), line.size).ec != std::errc{}) return {};
    lines.push_back(line);
  }
  std::map<std::string_view, Asset> assets;
  for (const auto& line : lines) {
    if (line.size > bundle.size()) break;
    auto& asset = assets[line.path];
    asset.type = line.type, asset.etag = line.etag;
    (line.encoding == "gzip" ? asset.gzip : line.encoding == "br" ? asset.brotli : asset.plain) = bundle.substr(0, line.size);
    bundle.remove_prefix(line.size);
  }
  return assets;
}

const std::map<std::string_view, Asset>& page_assets() {
  static const auto all = read_bundle({sekisho_page_begin, static_cast<std::size_t>(sekisho_page_end - sekisho_page_begin)});
  return all;
}

HttpResponse asset_response(const HttpRequest& request) {
  const auto& all = page_assets();
  auto found = all.find(std::string_view{request.path});
  const bool is_view = found == all.end();
  if (is_view) {
    if (request.path.starts_with("/assets/"))
      return error_response(404, "There is no such file; the dashboard may have been updated: reload the page.");
    found = all.find("/index.html");
  }
  if (found == all.end())
    return error_response(503, "This build has no page.",
                          "It was configured with -DSEKISHO_PAGE=OFF. The REST interface works: /api/v1/openapi.json");
  const auto& asset = found->second;
  HttpResponse response;
  response.type = asset.type;
  const auto tag = "\"" + std::string{asset.etag} + "\"";
  response.headers.emplace_back("ETag", tag);
  response.headers.emplace_back("Vary", "Accept-Encoding");
  // Names under /assets/ carry their content's hash; everything else is asked for again.
  response.headers.emplace_back("Cache-Control", request.path.starts_with("/assets/") ? "public, max-age=31536000, immutable" : "no-cache");
  if (request.if_none_match.find(tag) != std::string::npos) {
    response.status = 304;
    return response;
  }
  response.fixed = asset.plain;
  if (!asset.brotli.empty() && accepts_encoding(request.accept_encoding, "br")) {
    response.fixed = asset.brotli;
    response.headers.emplace_back("Content-Encoding", "br");
  } else if (!asset.gzip.empty() && accepts_encoding(request.accept_encoding, "gzip")) {
    response.fixed = asset.gzip;
    response.headers.emplace_back("Content-Encoding", "gzip");
  }
  return response;
}

}  // namespace sekisho
