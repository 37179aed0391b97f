// Wires the dashboard: settings in, what only app knows lent to the room web, rights given up before the first request is read.
#include "app/web_command.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/config.h"
#include "app/config_command.h"
#include "app/packet_list.h"
#include "app/web_details.h"
#include "base/text.h"
#include "web/api.h"
#include "web/fleet.h"
#include "web/privileges.h"
#include "web/server.h"
#include "web/tokens.h"

namespace sekisho {
namespace {

constexpr std::size_t kWorkers = 2;
constexpr std::string_view kGroup = "sekisho";  // may read the tokens' hashes: the dashboard's own group

TimeNs now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string token_file(const Config& config) {
  if (!config.web.tokens.empty()) return config.web.tokens;
  return (std::filesystem::path{config.store.path}.parent_path() / "web-tokens.json").string();
}

std::string host_name_of_machine() {
  char name[256] = "";
  return ::gethostname(name, sizeof name - 1) == 0 ? escape_hostile(name, 100) : std::string{"this server"};
}

int print_tokens(const std::vector<Token>& tokens, bool json) {
  if (json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const auto& token : tokens)
      list.push_back({{"name", token.name}, {"role", to_string(token.role)}, {"created", format_rfc3339(token.created)}});
    std::printf("%s\n", nlohmann::ordered_json{{"schema", 1}, {"tokens", list}}.dump(2).c_str());
    return 0;
  }
  for (const auto& token : tokens)
    std::printf("%s\n", fmt::format("{:<24} {:<9} {}", token.name, to_string(token.role), format_datetime(token.created)).c_str());
  if (tokens.empty()) std::fputs("sekisho: there is no token yet: sekisho web token new --role viewer\n", stderr);
  return 0;
}

int token_command(const WebCommand& command, const std::string& path) {
  const auto tokens = read_tokens(path);
  if (!tokens.ok()) return fail(tokens.error());
  if (command.token_action == "list") return print_tokens(tokens.value(), command.json);
  if (command.token_action == "revoke") {
    if (const auto done = revoke_token(path, command.name, std::string{kGroup}); !done.ok()) return fail(done.error());
    std::fprintf(stderr, "sekisho: the token '%s' is not valid any more, and its sessions have ended\n", command.name.c_str());
    return 0;
  }
  auto name = command.name;
  for (int number = 1; name.empty(); ++number) {
    const auto candidate = fmt::format("{}-{}", command.role, number);
    const auto& all = tokens.value();
    if (std::none_of(all.begin(), all.end(), [&](const Token& t) { return t.name == candidate; })) name = candidate;
  }
  const auto secret = create_token(path, name, parse_role(command.role), now_ns(), std::string{kGroup});
  if (!secret.ok()) return fail(secret.error());
  if (command.json)
    std::printf("%s\n",
                nlohmann::ordered_json{{"schema", 1}, {"name", name}, {"role", command.role}, {"token", secret.value()}}.dump(2).c_str());
  else
    std::printf("%s\n", secret.value().c_str());
  std::fprintf(stderr, "sekisho: this is the token '%s' (%s); it is shown this once and only its hash is kept\n", name.c_str(),
               command.role.c_str());
  return 0;
}

// Reads the tokens for the other servers: while there may still be rights for it.
Result<std::unique_ptr<Fleet>> open_fleet(const WebSettings& settings) {
  std::vector<FleetMember> members;
  for (const auto& text : settings.fleet) members.push_back(TRY(parse_fleet_member(text)));
  TRY(add_fleet_tokens(settings.fleet_tokens, members));
  return std::make_unique<Fleet>(std::move(members), settings.fleet_ca, settings.fleet_every.count * kMillisecond);
}

// The first start: somebody must be able to sign in. Nullopt: there are tokens already.
Result<std::optional<std::string>> first_token(const std::string& path) {
  const auto tokens = TRY(read_tokens(path));
  if (!tokens.empty()) return std::optional<std::string>{};
  auto secret = TRY(create_token(path, "admin", Role::admin, now_ns(), std::string{kGroup}));
  return std::optional{std::move(secret)};
}

}  // namespace

int run_web(const WebCommand& command) {
  const auto loaded = load_config(command.config);
  if (!loaded.ok()) return fail(loaded.error());
  const auto& config = loaded.value();
  const auto tokens = token_file(config);
  if (!command.token_action.empty()) return token_command(command, tokens);

  auto places = Places::open(config.web.mmdb);
  if (!places.ok()) return fail(places.error());
  auto fleet = open_fleet(config.web);
  if (!fleet.ok()) return fail(fleet.error());
  const auto secret = first_token(tokens);
  if (!secret.ok()) return fail(secret.error());

  LiveFeed feed;
  AgentLink agent{config.control.socket, feed};
  Access access{{tokens, config.web.hosts}};
  Routes routes;
  Site site{access, routes, feed};
  Api api{{SEKISHO_VERSION, host_name_of_machine(), settings_document(config), web_details, packet_list, web_story, config.evidence.dir},
          agent,
          **places};
  api.fleet = fleet->get(), api.site = &site, api.access = &access, api.open_metrics = config.web.open_metrics;
  add_api_routes(routes, api);

  ServerSettings settings;
  settings.listen = command.listen.value_or(config.web.listen);
  settings.certificate = config.web.certificate, settings.key = config.web.key, settings.behind_proxy = config.web.behind_proxy;
  auto server = Server::open(settings, site);
  if (!server.ok()) return fail(server.error());

  // From here on nothing needs rights: no thread runs yet, so that all of them have given up the same.
  const auto who = drop_privileges(config.web.user);
  if (!who.ok()) return fail(who.error());
  if (const auto refused = refuse_system_calls(); !refused.ok())
    std::fprintf(stderr, "sekisho: goes on without a filter of system calls: %s\n", refused.error().message.c_str());
  std::signal(SIGPIPE, SIG_IGN);
  ::umask(0077);

  std::fprintf(stderr, "sekisho: the dashboard is at %s%s\n", (*server)->address().c_str(),
               who.value().empty() ? "" : (" (" + who.value() + ")").c_str());
  if (const auto& shown = secret.value())
    std::fprintf(
        stderr,
        "sekisho: sign in with the admin token  %s\nsekisho: it is shown this once; for more: sekisho web token new --role viewer\n",
        shown->c_str());
  agent.start();
  (*fleet)->start();
  Workers workers{kWorkers, config.store.path};
  api.workers = &workers;
  (*server)->run(workers);
  (*fleet)->stop();
  agent.stop();
  return 0;
}

}  // namespace sekisho
