#include "sim/apps/vsftpd_conf.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <variant>

#include "sim/command/close_match.h"
#include "sim/command/vsftpd.h"

namespace lvslab::apps {
namespace {

/// An option whose value may be anything: it makes no difference here.
struct Ignored {};
/// An option that has to keep this value.
using Only = std::string_view;

struct ConfOption {
  std::string_view name;
  std::variant<bool VsftpdConf::*, std::uint16_t VsftpdConf::*, SimDuration VsftpdConf::*,
               std::string VsftpdConf::*, Ipv4Addr VsftpdConf::*, Only, Ignored>
      what;
};

const ConfOption kOptions[] = {
    {"listen", &VsftpdConf::listens},
    {"listen_ipv6", Only("NO")},
    {"listen_port", &VsftpdConf::port},
    {"anonymous_enable", &VsftpdConf::anonymous},
    {"no_anon_password", &VsftpdConf::no_password},
    {"anon_root", &VsftpdConf::root},
    {"local_enable", Only("NO")},
    {"ftpd_banner", &VsftpdConf::banner},
    {"pasv_enable", &VsftpdConf::passive},
    {"pasv_min_port", &VsftpdConf::first_port},
    {"pasv_max_port", &VsftpdConf::last_port},
    {"pasv_address", &VsftpdConf::passive_addr},
    {"pasv_promiscuous", &VsftpdConf::any_peer},
    {"port_enable", &VsftpdConf::active},
    {"port_promiscuous", &VsftpdConf::any_target},
    {"connect_from_port_20", &VsftpdConf::from_port_20},
    {"ftp_data_port", &VsftpdConf::data_port},
    {"idle_session_timeout", &VsftpdConf::idle},
    {"accept_timeout", &VsftpdConf::accept},
    {"connect_timeout", &VsftpdConf::connect},
    {"background", Only("NO")},
    {"ssl_enable", Only("NO")},
    {"xferlog_enable", Only("NO")},
    {"dual_log_enable", Only("NO")},
    {"anon_upload_enable", Only("NO")},
    {"anon_mkdir_write_enable", Only("NO")},
    {"anon_other_write_enable", Only("NO")},
    {"tcp_wrappers", Only("NO")},
    {"ascii_download_enable", Only("NO")},
    {"async_abor_enable", Only("NO")},
    {"ls_recurse_enable", Only("NO")},
    {"download_enable", Only("YES")},
    {"dirlist_enable", Only("YES")},
    {"write_enable", Ignored{}},
    {"dirmessage_enable", Only("NO")},
    {"use_localtime", Ignored{}},
    {"secure_chroot_dir", Only("/var/run/vsftpd/empty")},
    {"pam_service_name", Ignored{}},
    {"rsa_cert_file", Ignored{}},
    {"rsa_private_key_file", Ignored{}},
    {"seccomp_sandbox", Ignored{}},
    {"one_process_model", Only("NO")},
    {"hide_ids", Ignored{}},
    {"local_umask", Ignored{}},
    {"nopriv_user", Ignored{}},
    {"ftp_username", Only("ftp")},
};

std::unexpected<std::string> oops(std::string_view what, std::string_view about) {
  return std::unexpected(fmt::format("500 OOPS: {}{}\n", what, about));
}

std::optional<bool> read_bool(std::string value) {
  std::ranges::transform(value, value.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  if (value == "YES" || value == "TRUE" || value == "1") return true;
  if (value == "NO" || value == "FALSE" || value == "0") return false;
  return std::nullopt;
}

std::optional<std::uint32_t> read_number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// One line; the error as of VsftpdConf::parse().
class ConfLine {
 public:
  ConfLine(VsftpdConf& conf, std::string_view name, std::string_view value, int number)
      : conf_(conf), name_(name), value_(value), number_(number) {}

  std::expected<void, std::string> operator()(bool VsftpdConf::* field) const {
    const auto on = read_bool(std::string(value_));
    if (!on) return oops("bad bool value in config file for: ", name_);
    conf_.*field = *on;
    return {};
  }
  std::expected<void, std::string> operator()(std::uint16_t VsftpdConf::* field) const {
    const auto number = read_number(value_);
    if (!number || *number > 65'535) return not_modelled("a port from 1 to 65535");
    if (*number != 0) conf_.*field = static_cast<std::uint16_t>(*number);
    return {};
  }
  std::expected<void, std::string> operator()(SimDuration VsftpdConf::* field) const {
    const auto number = read_number(value_);
    if (!number || *number == 0) return not_modelled("a number of seconds");
    conf_.*field = {std::int64_t{*number} * 1'000'000'000};
    return {};
  }
  std::expected<void, std::string> operator()(std::string VsftpdConf::* field) const {
    conf_.*field = value_;
    return {};
  }
  std::expected<void, std::string> operator()(Ipv4Addr VsftpdConf::* field) const {
    const auto addr = Ipv4Addr::parse(value_);
    if (!addr) return oops("invalid pasv_address", "");
    conf_.*field = *addr;
    return {};
  }
  std::expected<void, std::string> operator()(Only only) const {
    const bool word = only == "YES" || only == "NO";
    if (!word) return value_ == only ? std::expected<void, std::string>{} : not_modelled(only);
    const auto on = read_bool(std::string(value_));
    if (!on) return oops("bad bool value in config file for: ", name_);
    if (*on != (only == "YES")) return not_modelled(only);
    return {};
  }
  std::expected<void, std::string> operator()(Ignored) const { return {}; }

 private:
  std::unexpected<std::string> not_modelled(std::string_view close) const {
    return std::unexpected(fmt::format("lvslab: {}:{}: {}={} is not modelled (close: {}={})\n",
                                       command::kVsftpdConf, number_, name_, value_, name_, close));
  }

  VsftpdConf& conf_;
  std::string_view name_, value_;
  int number_;
};

}  // namespace

std::expected<VsftpdConf, std::string> VsftpdConf::parse(std::string_view text) {
  VsftpdConf conf;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    const std::size_t equals = line.find('=');
    const std::string_view name = line.substr(0, equals);
    if (equals == std::string_view::npos || equals + 1 == line.size()) {
      return oops("missing value in config file for: ", name);
    }
    const auto* const option = std::ranges::find(kOptions, name, &ConfOption::name);
    if (option == std::end(kOptions)) {
      std::vector<std::string_view> names;
      for (const ConfOption& known : kOptions) names.push_back(known.name);
      const std::string_view near = command::close_match(name, names);
      return std::unexpected(fmt::format("lvslab: {}:{}: the option {} is not modelled{}\n",
                                         command::kVsftpdConf, number, name,
                                         near.empty() ? "" : fmt::format(" (close: {})", near)));
    }
    const auto done =
        std::visit(ConfLine(conf, name, line.substr(equals + 1), number), option->what);
    if (!done) return std::unexpected(done.error());
  }
  if (!conf.listens) {
    return oops("vsftpd: not configured for standalone, must be started from inetd", "");
  }
  if (!conf.anonymous) return oops("vsftpd: both local and anonymous access disabled!", "");
  if (conf.last_port < conf.first_port) conf.last_port = 65'535;
  return conf;
}

}  // namespace lvslab::apps
