// Reads a keepalived.conf as keepalived 2.2.7 does: a mistake is reported in keepalived's own
// words, and reading goes on; only some mistakes keep it from running.
#pragma once

#include <string>
#include <vector>

#include "sim/keepalived/conf.h"

namespace lvslab::keepalived {

/// What of a host the configuration is checked against.
class ConfHost : public ConfFiles {
 public:
  virtual bool has_interface(const std::string& name) const = 0;
  /// A program that can be run: a path, or a name that PATH finds.
  virtual bool has_program(const std::string& path) const { return read(path).has_value(); }
};

struct ReadOptions {
  std::string config_id{};  ///< keepalived --config-id
  bool testing = false;     ///< keepalived --config-test: numbers are held to the letter
};

struct ReadConf {
  Configuration conf;
  std::vector<ConfMessage> messages;  ///< in the order in which keepalived's processes tell them
};

ReadConf read_conf(const ConfHost& host, const std::string& path, const ReadOptions& options = {});

/// As keepalived logs it: "(Line 12) ...", or with the file from the other processes.
std::string logged(const ConfMessage& message);

/// With the place in the way of this lab: "keepalived.conf:12:5: ...".
std::string located(const ConfMessage& message);

}  // namespace lvslab::keepalived
