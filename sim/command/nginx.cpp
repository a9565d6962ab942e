#include "sim/command/nginx.h"

#include <fmt/core.h>

#include "sim/command/options.h"
#include "sim/command/shell.h"

namespace lvslab::command {

Parsed<NginxCommand> parse_nginx(Args args) {
  const OptionSpec spec{.tool = "nginx",
                        .letters = "tvs:",
                        .unmodelled = "TVqpcgeh?",
                        .close = "nginx, nginx -t, nginx -s stop|quit|reload, nginx -v"};
  auto options = read_options(args, spec);
  if (!options) return std::unexpected(options.error());
  NginxCommand nginx;
  for (auto& [letter, value] : options->given) {
    if (letter == 't') nginx.test = true;
    if (letter == 'v') nginx.version = true;
    if (letter == 's') nginx.signal = value;
  }
  if (nginx.signal == "reopen") {
    return std::unexpected(not_modelled("nginx", "-s reopen", "nginx -s reload"));
  }
  const bool known = nginx.signal.empty() || nginx.signal == "stop" || nginx.signal == "quit" ||
                     nginx.signal == "reload";
  if (!known) {
    return std::unexpected(
        failure(fmt::format("nginx: invalid option: \"-s {}\"\n", nginx.signal), 1));
  }
  if (!options->operands.empty()) {
    return std::unexpected(
        failure(fmt::format("nginx: invalid option: \"{}\"\n", options->operands[0]), 1));
  }
  return nginx;
}

std::string to_text(const NginxCommand& c) {
  std::string line = "nginx";
  if (c.test) line += " -t";
  if (c.version) line += " -v";
  if (!c.signal.empty()) line += " -s " + quote_word(c.signal);
  return line;
}

std::string_view default_nginx_conf() {
  return "user root;\n"
         "worker_processes 1;\n"
         "error_log /var/log/nginx/error.log;\n"
         "pid /run/nginx.pid;\n"
         "\n"
         "events {\n"
         "    worker_connections 1024;\n"
         "}\n"
         "\n"
         "http {\n"
         "    access_log /var/log/nginx/access.log;\n"
         "    include /etc/nginx/conf.d/*.conf;\n"
         "}\n";
}

}  // namespace lvslab::command
