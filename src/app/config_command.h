// `sekisho config`: defaults, check, show, explain.
#pragma once
#include <cstdio>
#include <optional>
#include <string>

#include "app/config.h"

namespace sekisho {

struct ConfigCommand {
  std::string action;               // "defaults", "check", "show", "explain"
  std::string key;                  // explain: "detect.syn_flood.floor_pps", "floor_pps", "detect.syn_flood" or empty for all
  std::optional<std::string> file;  // --config, or the argument of check
  bool json = false;
};

// Returns the exit status: 0, 2 for a wrong configuration or key, 3 when the file cannot be read.
int run_config(const ConfigCommand& command, std::FILE* out = stdout, std::FILE* err = stderr,
               std::span<const DetectorSpec> detectors = Registry<DetectorSpec>::all());

// The settings in force as one JSON document on one line: what `config show --json` prints.
std::string settings_document(const Config& config, std::span<const DetectorSpec> detectors = Registry<DetectorSpec>::all());

// What `config defaults` prints: every setting with its help and range; a valid file as it stands.
std::string config_defaults(std::span<const DetectorSpec> detectors = Registry<DetectorSpec>::all());

}  // namespace sekisho
