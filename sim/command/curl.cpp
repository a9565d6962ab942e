#include "sim/command/curl.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "sim/command/curl_options.h"
#include "sim/command/options.h"
#include "sim/command/shell.h"

namespace lvslab::command {

namespace {

constexpr std::uint16_t kFtpPort = 21, kHttpPort = 80;

constexpr std::string_view kTryHelp =
    "curl: try 'curl --help' or 'curl --manual' for more information\n";

constexpr std::string_view kVersion =
    "curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1\n"
    "Release-Date: 2023-02-20\n"
    "Protocols: ftp http\n";

std::unexpected<Output> complain(std::string_view message) {
  return std::unexpected(failure(fmt::format("curl: {}\n{}", message, kTryHelp), 2));
}
std::unexpected<Output> bad_option(std::string_view word, std::string_view reason) {
  return complain(fmt::format("option {}: {}", word, reason));
}

/// Seconds with a fraction, cut to milliseconds as curl does.
Parsed<SimDuration> parse_seconds(std::string_view word, std::string_view text) {
  if (text.starts_with('-')) {
    return bad_option(word, "expected a positive numerical parameter");
  }
  const std::size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  const std::string_view fraction = dot == std::string_view::npos ? "" : text.substr(dot + 1);
  const auto digits = [](std::string_view part) {
    return std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
  };
  if (!digits(whole) || !digits(fraction) || whole.size() > 9 ||
      whole.size() + fraction.size() == 0) {
    return bad_option(word, "expected a proper numerical parameter");
  }
  std::int64_t ms = 0;
  for (const char c : whole) ms = ms * 10 + (c - '0');
  for (std::size_t i = 0; i < 3; ++i) ms = ms * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
  return SimDuration{ms * 1'000'000};
}

std::optional<CurlPortRange> parse_ports(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = to_int(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : to_int(text.substr(dash + 1));
  if (!first || !last || *first < 0 || *last < *first || *last > 65535) return std::nullopt;
  return CurlPortRange{static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last)};
}

/// "[2001:db8::1]": no pattern. Source: src/tool_urlglob.c: peek_ipv6().
bool has_ipv6_literal(std::string_view url) {
  const std::size_t open = url.find('['), close = url.find(']');
  return url.find_first_of("{}") == std::string_view::npos && open < close &&
         close != std::string_view::npos && url.find('[', close) == std::string_view::npos &&
         Ipv6Addr::parse(url.substr(open + 1, close - open - 1)).has_value();
}

class CurlReader {
 public:
  explicit CurlReader(Args args) : args_(args) {}
  Parsed<CurlCommand> run();

 private:
  using Step = Parsed<bool>;
  Step read_word(const std::string& word);
  Step read_long(const std::string& word);
  Step read_short(const std::string& word);
  Step apply(const CurlOptionName& option, const std::string& word, const std::string& value,
             bool on);
  Step apply_value(std::string_view name, const std::string& word, const std::string& value);
  Step add_url(const std::string& url);
  Step check_ftp() const;
  Step refuse(const CurlOptionName& option) const;

  Args args_;
  std::size_t index_ = 1;
  CurlCommand command_;
};

CurlReader::Step CurlReader::refuse(const CurlOptionName& option) const {
  std::string_view close;
  if (option.name == "data" || option.name == "request" || option.name == "upload-file") {
    close = "GET, -I";
  }
  if (option.name == "location") close = "the final URL itself";
  if (option.name == "retry") close = "a for loop";
  return std::unexpected(not_modelled("curl", fmt::format("option --{}", option.name), close));
}

CurlReader::Step CurlReader::add_url(const std::string& url) {
  const std::size_t scheme_end = url.find("://");
  if (scheme_end != std::string::npos) {
    static constexpr std::array<std::string_view, 5> kSchemes{"https", "ftps", "file", "smtp",
                                                              "telnet"};
    const std::string scheme = url.substr(0, scheme_end);
    if (std::ranges::find(kSchemes, scheme) != kSchemes.end()) {
      return std::unexpected(not_modelled("curl", fmt::format("{}://", scheme), "http://, ftp://"));
    }
  }
  const bool glob = url.find_first_of("[]{}") != std::string::npos;
  if (glob && !command_.globoff && !has_ipv6_literal(url)) {
    return std::unexpected(not_modelled("curl", "globbing of URLs", "several URLs, a for loop"));
  }
  const std::size_t start = scheme_end == std::string::npos ? 0 : scheme_end + 3;
  if (url.substr(start, url.find_first_of("/?#", start) - start).contains('@')) {
    return std::unexpected(not_modelled("curl", "a user name in a URL"));
  }
  command_.urls.push_back(url);
  return true;
}

/// What of FTP is left out.
CurlReader::Step CurlReader::check_ftp() const {
  const auto refuse_ftp = [](std::string_view what, std::string_view close) {
    return std::unexpected(not_modelled("curl", std::string(what), close));
  };
  for (const std::string& typed : command_.urls) {
    const auto url = parse_curl_url(typed);
    if (!url || !url->ftp) continue;
    if (command_.urls.size() > 1) return refuse_ftp("ftp:// beside another URL", "a for loop");
    if (command_.head) return refuse_ftp("-I with ftp://", "http://");
    if (command_.include) return refuse_ftp("-i with ftp://", "-v");
    if (command_.list_only && !url->path.ends_with('/')) {
      return refuse_ftp("-l for a file", "ftp://HOST/DIRECTORY/");
    }
    if (!command_.list_only && url->path.ends_with('/')) {
      return refuse_ftp("a listing with ftp:// (files have no times here)", "-l for the names");
    }
    if (url->path.find_first_of(";%") != std::string::npos) {
      return refuse_ftp("an ftp:// path with ; or %", "plain names");
    }
    if (url->host.contains(':')) return refuse_ftp("ftp:// over IPv6", "an IPv4 address");
  }
  return true;
}

CurlReader::Step CurlReader::apply_value(std::string_view name, const std::string& word,
                                         const std::string& value) {
  if (name == "output") {
    command_.outputs.push_back(value);
  } else if (name == "write-out") {
    if (value.starts_with('@')) {
      return std::unexpected(not_modelled("curl", "-w @FILE", "-w FORMAT"));
    }
    command_.write_out = value;
  } else if (name == "max-time" || name == "connect-timeout") {
    const auto limit = parse_seconds(word, value);
    if (!limit) return std::unexpected(limit.error());
    (name == "max-time" ? command_.max_time : command_.connect_timeout) = *limit;
  } else if (name == "interface") {
    command_.interface = value;
  } else if (name == "local-port") {
    const auto ports = parse_ports(value);
    if (!ports) return bad_option(word, "is badly used here");
    command_.local_ports = *ports;
  } else if (name == "header") {
    if (value.starts_with('@')) return std::unexpected(not_modelled("curl", "-H @FILE"));
    command_.headers.push_back(value);
  } else if (name == "ftp-port") {
    command_.ftp_port = value;
  } else if (name == "user-agent") {
    command_.user_agent = value;
  } else if (name == "request") {
    if (value != "GET") {
      return std::unexpected(not_modelled("curl", fmt::format("-X {}", value), "GET, -I for HEAD"));
    }
  } else {
    return add_url(value);  // --url
  }
  return true;
}

CurlReader::Step CurlReader::apply(const CurlOptionName& option, const std::string& word,
                                   const std::string& value, bool on) {
  static constexpr std::array<std::string_view, 11> kWithValue{
      "output", "write-out",  "max-time", "connect-timeout", "interface", "local-port",
      "header", "user-agent", "request",  "ftp-port",        "url"};
  if (std::ranges::find(kWithValue, option.name) != kWithValue.end()) {
    return apply_value(option.name, word, value);
  }
  const std::array<std::pair<std::string_view, bool*>, 12> flags{{
      {"silent", &command_.silent},
      {"show-error", &command_.show_error},
      {"fail", &command_.fail},
      {"verbose", &command_.verbose},
      {"include", &command_.include},
      {"head", &command_.head},
      {"ipv4", &command_.inet},
      {"ipv6", &command_.inet6},
      {"globoff", &command_.globoff},
      {"list-only", &command_.list_only},
      {"disable-epsv", &command_.no_epsv},
      {"disable-eprt", &command_.no_eprt},
  }};
  for (const auto& [name, flag] : flags) {
    if (option.name != name) continue;
    *flag = on;
    return true;
  }
  if (option.name == "remote-name" && on) {
    ++command_.remote_names;
  } else if (option.name == "http1.0") {
    command_.version = CurlCommand::HttpVersion::k10;
  } else if (option.name == "http1.1") {
    command_.version = CurlCommand::HttpVersion::k11;
  } else if (option.name == "ftp-skip-pasv-ip") {
    command_.believes_pasv = !on;
  } else if (option.name == "ftp-pasv") {
    command_.ftp_port.clear();
  } else if (option.name == "keepalive") {
    command_.no_keepalive = !on;
  } else if (option.name == "version") {
    return std::unexpected(Output{.out = std::string(kVersion), .err = {}, .status = 0});
  } else if (option.name != "progress-meter") {
    return refuse(option);
  }
  return true;
}

CurlReader::Step CurlReader::read_long(const std::string& word) {
  std::string_view name = std::string_view(word).substr(2);
  const bool on = !name.starts_with("no-");
  if (!on) name.remove_prefix(3);
  const CurlOptionName* found = nullptr;
  bool ambiguous = false;
  for (const CurlOptionName& option : kCurlOptions) {
    if (!option.name.starts_with(name)) continue;
    if (option.name == name) {
      found = &option;
      ambiguous = false;
      break;
    }
    ambiguous = found != nullptr;
    found = &option;
  }
  if (found == nullptr) return bad_option(word, "is unknown");
  if (ambiguous) return bad_option(word, "is ambiguous");
  if (!found->has_value) return apply(*found, word, {}, on);
  if (!on) return bad_option(word, "is unknown");
  if (index_ == args_.size()) return bad_option(word, "requires parameter");
  return apply(*found, word, args_[index_++], true);
}

CurlReader::Step CurlReader::read_short(const std::string& word) {
  for (std::size_t i = 1; i < word.size(); ++i) {
    const auto option = std::ranges::find(kCurlOptions, word[i], &CurlOptionName::letter);
    if (option == kCurlOptions.end()) return bad_option(word, "is unknown");
    if (!option->has_value) {
      if (const Step ok = apply(*option, word, {}, true); !ok) return ok;
      continue;
    }
    if (i + 1 < word.size()) return apply(*option, word, word.substr(i + 1), true);
    if (index_ == args_.size()) return bad_option(word, "requires parameter");
    return apply(*option, word, args_[index_++], true);
  }
  return true;
}

CurlReader::Step CurlReader::read_word(const std::string& word) {
  if (word.size() < 2 || word[0] != '-') return add_url(word);
  return word[1] == '-' ? read_long(word) : read_short(word);
}

Parsed<CurlCommand> CurlReader::run() {
  if (args_.size() == 1) return std::unexpected(failure(std::string(kTryHelp), 2));
  bool options = true;
  while (index_ < args_.size()) {
    const std::string& word = args_[index_++];
    if (options && word == "--") {
      options = false;
      continue;
    }
    if (const Step ok = options ? read_word(word) : add_url(word); !ok) {
      return std::unexpected(ok.error());
    }
  }
  if (command_.urls.empty()) return complain("no URL specified!");
  if (const Step ok = check_ftp(); !ok) return std::unexpected(ok.error());
  if (command_.remote_names > 0 && !command_.outputs.empty()) {
    return std::unexpected(not_modelled("curl", "-o together with -O", "one of them"));
  }
  return command_;
}

std::string seconds_text(SimDuration d) {
  return d.ms() % 1000 == 0 ? fmt::format("{}", d.seconds())
                            : fmt::format("{}.{:03}", d.seconds(), d.ms() % 1000);
}

}  // namespace

Parsed<CurlCommand> parse_curl(Args args) { return CurlReader(args).run(); }

std::string to_text(const CurlCommand& c) {
  const CurlCommand plain;
  std::string text = "curl";
  const auto flag = [&text](bool on, std::string_view option) {
    if (on) text += fmt::format(" {}", option);
  };
  flag(c.silent, "-s");
  flag(c.show_error, "-S");
  flag(c.fail, "-f");
  flag(c.verbose, "-v");
  flag(c.include, "-i");
  flag(c.head, "-I");
  flag(c.version == CurlCommand::HttpVersion::k10, "--http1.0");
  flag(c.no_keepalive, "--no-keepalive");
  flag(c.inet, "-4");
  flag(c.inet6, "-6");
  flag(c.globoff, "-g");
  flag(c.list_only, "-l");
  flag(c.no_epsv, "--disable-epsv");
  flag(c.no_eprt, "--disable-eprt");
  flag(c.believes_pasv, "--no-ftp-skip-pasv-ip");
  const auto value = [&text](bool on, std::string_view option, std::string_view v) {
    if (on) text += fmt::format(" {} {}", option, quote_word(v));
  };
  value(!c.write_out.empty(), "-w", c.write_out);
  value(c.max_time.ns != 0, "-m", seconds_text(c.max_time));
  value(c.connect_timeout.ns != 0, "--connect-timeout", seconds_text(c.connect_timeout));
  value(!c.interface.empty(), "--interface", c.interface);
  value(!c.ftp_port.empty(), "-P", c.ftp_port);
  if (c.local_ports != CurlPortRange{}) {
    text += fmt::format(" --local-port {}-{}", c.local_ports.first, c.local_ports.last);
  }
  for (const std::string& header : c.headers) value(true, "-H", header);
  value(c.user_agent != plain.user_agent, "-A", c.user_agent);
  for (std::uint32_t i = 0; i < c.remote_names; ++i) text += " -O";
  for (const std::string& output : c.outputs) value(true, "-o", output);
  text += " --";
  for (const std::string& url : c.urls) text += ' ' + quote_word(url);
  return text;
}

std::expected<CurlUrl, CurlError> parse_curl_url(std::string_view url) {
  const auto malformed = [] {
    return std::unexpected(
        CurlError{CurlCode::kUrlMalformat, "URL using bad/illegal format or missing URL"});
  };
  if (std::ranges::any_of(url, [](char c) { return c <= ' ' || c == 0x7f; })) return malformed();
  CurlUrl out;
  if (const std::size_t end = url.find("://"); end != std::string_view::npos) {
    std::string scheme(url.substr(0, end));
    std::ranges::transform(scheme, scheme.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    out.ftp = scheme == "ftp";
    if (out.ftp) out.port = kFtpPort;
    if (scheme != "http" && !out.ftp) {
      return std::unexpected(
          CurlError{CurlCode::kUnsupportedProtocol,
                    fmt::format("Protocol \"{}\" not supported or disabled in libcurl", scheme)});
    }
    url.remove_prefix(end + 3);
  }
  url = url.substr(0, url.find('#'));
  const std::size_t host_end = std::min(url.find_first_of("/?"), url.size());
  const std::string_view authority = url.substr(0, host_end);
  const std::string_view rest = url.substr(host_end);
  out.path = rest.starts_with('/') ? std::string(rest) : fmt::format("/{}", rest);
  std::size_t colon = authority.find(':');
  out.host = std::string(authority.substr(0, colon));
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return malformed();
    out.host = std::string(authority.substr(1, close - 1));
    if (!Ipv6Addr::parse(out.host)) return malformed();
    colon = close + 1 == authority.size() ? std::string_view::npos : close + 1;
    if (colon != std::string_view::npos && authority[colon] != ':') return malformed();
  }
  if (out.host.empty()) return malformed();
  if (colon != std::string_view::npos && colon + 1 < authority.size()) {
    const std::string_view digits = authority.substr(colon + 1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
    if (error != std::errc{} || end != digits.data() + digits.size()) return malformed();
    out.port_given = out.port != (out.ftp ? kFtpPort : kHttpPort);
  }
  return out;
}

std::string curl_effective_url(std::string_view typed) {
  const auto url = parse_curl_url(typed);
  if (!url) return std::string(typed);
  return fmt::format("{}://{}{}{}", url->ftp ? "ftp" : "http", url->bracketed(),
                     url->port_given ? fmt::format(":{}", url->port) : "", url->path);
}

std::string curl_remote_name(const CurlUrl& url) {
  const std::string path = url.path.substr(0, url.path.find('?'));
  return path.substr(path.rfind('/') + 1);
}

}  // namespace lvslab::command
