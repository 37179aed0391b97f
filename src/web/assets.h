// The page's files, embedded in the binary (tools/build-page packs them), plain and compressed.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "web/http.h"

namespace sekisho {

struct Asset {
  std::string_view type, etag, plain, gzip, brotli;  // gzip, brotli: empty where they would not be smaller
};

// Reads a bundle (web/bundle.mjs has the format); what follows damage is left out.
std::map<std::string_view, Asset> read_bundle(std::string_view bundle);
// Those of this binary; made once.
const std::map<std::string_view, Asset>& page_assets();

// A file of the page, or the page itself for any other path: its views have addresses of their own. 404 for a missing file of /assets/.
HttpResponse asset_response(const HttpRequest& request);

}  // namespace sekisho
