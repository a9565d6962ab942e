#include "sim/command/ss.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "sim/command/names.h"
#include "sim/command/options.h"
#include "sim/command/shell.h"
#include "sim/command/usage.h"

namespace lvslab::command {

namespace {

// --- the table layout: misc/ss.c, render_calc_width() and render() ------------------------------

enum Column : std::size_t {
  kNetid,
  kState,
  kRecvQ,
  kSendQ,
  kAddr,
  kPort,
  kRemote,
  kRemotePort,
  kProc
};
constexpr std::size_t kColumns = 9;

struct Layout {
  bool right = false;
  std::string_view header;
  std::string_view delimiter;
  bool disabled = false;
  std::size_t max_len = 0;
  std::size_t width = 0;
};

class Table {
 public:
  Table() {
    constexpr std::array<std::string_view, kColumns> kHeaders = {
        "Netid", "State",         "Recv-Q", "Send-Q", "Local Address:",
        "Port",  "Peer Address:", "Port",   "Process"};
    for (std::size_t i = 0; i < kColumns; ++i) {
      layout_[i].header = kHeaders[i];
      layout_[i].right = i == kAddr || i == kRemote;
      const bool glued = i == kNetid || i == kPort || i == kRemotePort || i == kProc;
      layout_[i].delimiter = glued ? "" : " ";
    }
  }
  void disable(Column column) { layout_[column].disabled = true; }
  void add_header() {
    has_header_ = true;
    std::array<std::string, kColumns> row;
    for (std::size_t i = 0; i < kColumns; ++i) row[i] = layout_[i].header;
    rows_.push_back(std::move(row));
  }
  void add(std::array<std::string, kColumns> row) { rows_.push_back(std::move(row)); }

  std::string render(int screen) {
    if (rows_.empty()) return {};
    measure();
    calculate_widths(screen);
    std::string out;
    for (const auto& row : rows_) {
      bool started = false;
      for (std::size_t i = 0; i < kColumns; ++i) {
        const Layout& column = layout_[i];
        if (column.width == 0) continue;
        std::string cell(started ? column.delimiter : "");
        started = true;
        const std::size_t used = cell.size() + row[i].size();
        const std::size_t pad = column.width > used ? column.width - used : 0;
        out +=
            cell + (column.right ? std::string(pad, ' ') + row[i] : row[i] + std::string(pad, ' '));
      }
      out += '\n';
    }
    return out;
  }

 private:
  /// A field is measured when the next one begins: the last of the last row never is.
  void measure() {
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      for (std::size_t i = 0; i < kColumns; ++i) {
        const bool unflushed = r + 1 == rows_.size() && i == kProc && !(has_header_ && r == 0);
        if (layout_[i].disabled || unflushed) continue;
        layout_[i].max_len = std::max(layout_[i].max_len, rows_[r][i].size());
      }
    }
  }

  void calculate_widths(int screen) {
    const bool compact = screen <= 0;
    const std::size_t limit =
        compact ? std::numeric_limits<int>::max() : static_cast<std::size_t>(screen);
    bool first = true;
    for (Layout& column : layout_) {
      if (column.disabled) continue;
      column.width = column.max_len;
      if (!first && column.max_len > 0) column.width += column.delimiter.size();
      column.width = std::min(column.width, limit);
      if (column.width > 0) first = false;
    }
    if (compact) return;
    std::size_t line_begin = 0;
    std::size_t length = 0;
    std::size_t in_line = 0;
    for (std::size_t c = 0; c < kColumns; ++c) {
      if (layout_[c].width == 0) continue;
      ++in_line;
      length += layout_[c].width;
      const bool last =
          std::ranges::none_of(layout_.begin() + static_cast<std::ptrdiff_t>(c) + 1, layout_.end(),
                               [](const Layout& l) { return l.width > 0; });
      if (!last && length < limit) continue;
      if (length != limit) {
        if (length > limit && in_line > 1) {  // does not fit: it starts the next line
          length -= layout_[c].width;
          --in_line;
          --c;
        }
        const std::size_t pad = limit > length ? limit - length : 0;
        spread(line_begin, c, pad, in_line);
      }
      line_begin = c + 1;
      length = 0;
      in_line = 0;
    }
  }

  void spread(std::size_t begin, std::size_t end, std::size_t pad, std::size_t count) {
    const std::size_t each = pad / count;
    std::size_t rest = pad % count;
    for (std::size_t i = end + 1; i-- > begin;) {
      if (layout_[i].width == 0) continue;
      layout_[i].width += each;
      if (rest > 0) {
        ++layout_[i].width;
        --rest;
      }
    }
  }

  bool has_header_ = false;
  std::array<Layout, kColumns> layout_;
  std::vector<std::array<std::string, kColumns>> rows_;
};

// --- sockets ----------------------------------------------------------------------------------

constexpr std::array<std::string_view, 12> kStateLabels = {
    "",          "ESTAB",  "SYN-SENT",   "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2",
    "TIME-WAIT", "UNCONN", "CLOSE-WAIT", "LAST-ACK", "LISTEN",     "CLOSING"};
constexpr std::array<std::string_view, 12> kStateNames = {
    "",          "established", "syn-sent",   "syn-recv", "fin-wait-1", "fin-wait-2",
    "time-wait", "closed",      "close-wait", "last-ack", "listening",  "closing"};

TcpState state_of(const SocketRow& socket) {
  if (socket.proto == SocketProto::kTcp) return socket.state;
  const bool connected = !socket.remote.is_any() || socket.remote_port != 0;
  return connected ? TcpState::kEstablished : TcpState::kClose;
}

std::vector<TcpState> states_shown(const SsCommand& command) {
  if (!command.states.empty()) return command.states;
  std::vector<TcpState> states;
  for (int i = 1; i <= 11; ++i) {
    const auto state = static_cast<TcpState>(i);
    const bool waiting = state == TcpState::kListen || state == TcpState::kClose;
    const bool hidden = waiting || state == TcpState::kTimeWait || state == TcpState::kSynRecv;
    if (command.all || (command.listening ? waiting : !hidden)) states.push_back(state);
  }
  return states;
}

std::string port_text(std::uint16_t port, SocketProto proto, bool numeric) {
  if (port == 0) return "*";
  const std::string_view name =
      numeric ? std::string_view() : service_name(port, proto == SocketProto::kUdp ? 17 : 6);
  return name.empty() ? std::to_string(port) : std::string(name);
}

bool wanted_proto(const SocketRow& socket, const SsCommand& command) {
  if (!command.tcp && !command.udp && !command.raw) return true;
  return (socket.proto == SocketProto::kTcp && command.tcp) ||
         (socket.proto == SocketProto::kUdp && command.udp) ||
         (socket.proto == SocketProto::kRaw && command.raw);
}

bool wanted(const SocketRow& socket, const SsCommand& command,
            const std::vector<TcpState>& states) {
  if (!wanted_proto(socket, command)) return false;
  if (std::ranges::find(states, state_of(socket)) == states.end()) return false;
  if (command.sport && socket.local_port != *command.sport) return false;
  if (command.dport && socket.remote_port != *command.dport) return false;
  const auto within = [](const std::optional<Ipv4Prefix>& prefix, IpAddr addr) {
    return !prefix || (addr.is_v4() && prefix->contains(addr.v4()));
  };
  return within(command.src, socket.local) && within(command.dst, socket.remote);
}

std::array<std::string, kColumns> row_of(const SocketRow& socket, const SsCommand& command) {
  std::array<std::string, kColumns> row;
  row[kNetid] = socket.proto == SocketProto::kTcp   ? "tcp"
                : socket.proto == SocketProto::kUdp ? "udp"
                                                    : "???";
  row[kState] = kStateLabels[static_cast<std::size_t>(state_of(socket))];
  row[kRecvQ] = fmt::format("{:<6}", socket.recv_q);
  row[kSendQ] = fmt::format("{:<6}", socket.send_q);
  row[kAddr] = socket.local.bracketed() + ':';
  row[kPort] = port_text(socket.local_port, socket.proto, command.numeric);
  row[kRemote] = socket.remote.bracketed() + ':';
  row[kRemotePort] = port_text(socket.remote_port, socket.proto, command.numeric);
  if (command.programs && socket.pid != 0) {
    row[kProc] =
        fmt::format(" users:((\"{}\",pid={},fd={}))", socket.program.view(), socket.pid, socket.fd);
  }
  return row;
}

/// Source: misc/ss.c: print_summary(). "closed" counts sockets that no listing but -a shows.
std::string summary(const HostTables& tables) {
  std::size_t tcp = 0;
  std::size_t estab = 0;
  std::size_t orphaned = 0;
  std::size_t time_wait = 0;
  std::size_t closed = 0;
  std::size_t udp = 0;
  std::size_t raw = 0;
  for (const SocketRow& socket : tables.sockets) {
    udp += socket.proto == SocketProto::kUdp ? 1 : 0;
    raw += socket.proto == SocketProto::kRaw ? 1 : 0;
    if (socket.proto != SocketProto::kTcp) continue;
    ++tcp;
    estab += socket.state == TcpState::kEstablished ? 1 : 0;
    time_wait += socket.state == TcpState::kTimeWait ? 1 : 0;
    closed += socket.state == TcpState::kTimeWait || socket.state == TcpState::kClose ? 1 : 0;
    const bool listening = socket.state == TcpState::kListen || socket.state == TcpState::kSynRecv;
    orphaned += socket.pid == 0 && socket.state != TcpState::kTimeWait && !listening ? 1 : 0;
  }
  const std::size_t live = tcp - time_wait;
  std::string out = fmt::format("Total: {}\n", live + udp + raw);
  out += fmt::format("TCP:   {} (estab {}, closed {}, orphaned {}, timewait {})\n\n", tcp, estab,
                     closed, orphaned, time_wait);
  out += "Transport Total     IP        IPv6\n";
  const auto line = [&out](std::string_view name, std::size_t count) {
    out += fmt::format("{}\t  {:<9} {:<9} {:<9}\n", name, count, count, 0);
  };
  line("RAW", raw);
  line("UDP", udp);
  line("TCP", live);
  line("INET", raw + udp + live);
  line("FRAG", 0);
  return out + '\n';
}

// --- the filter -------------------------------------------------------------------------------

std::unexpected<Output> refuse(const std::string& what) {
  return std::unexpected(
      not_modelled("ss", what, "state S, sport = :PORT, dport = :PORT, src A, dst A"));
}

void add_state(SsCommand& command, TcpState state) {
  if (std::ranges::find(command.states, state) == command.states.end())
    command.states.push_back(state);
  std::ranges::sort(command.states);
}

/// One state name or group. Source: misc/ss.c: scan_state().
bool add_states(SsCommand& command, std::string_view name) {
  const auto add_all_but = [&](std::initializer_list<TcpState> hidden) {
    for (int i = 1; i <= 11; ++i) {
      const auto state = static_cast<TcpState>(i);
      if (std::ranges::find(hidden, state) == hidden.end()) add_state(command, state);
    }
  };
  if (name == "all") {
    add_all_but({});
  } else if (name == "connected") {
    add_all_but({TcpState::kClose, TcpState::kListen});
  } else if (name == "synchronized") {
    add_all_but({TcpState::kClose, TcpState::kListen, TcpState::kSynSent});
  } else if (name == "bucket") {
    add_state(command, TcpState::kSynRecv);
    add_state(command, TcpState::kTimeWait);
  } else if (name == "big") {
    add_all_but({TcpState::kSynRecv, TcpState::kTimeWait});
  } else {
    if (name == "listen") name = "listening";
    if (name == "close") name = "closed";
    for (std::size_t i = 1; i < kStateNames.size(); ++i) {
      if (kStateNames[i] != name) continue;
      add_state(command, static_cast<TcpState>(i));
      return true;
    }
    return false;
  }
  return true;
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  if (text.starts_with(':')) text.remove_prefix(1);
  const auto number = to_u32(text);
  if (number && *number <= 65535) return static_cast<std::uint16_t>(*number);
  return service_port(text, 6);
}

/// Words and parentheses of the filter as separate tokens.
std::vector<std::string> tokens_of(const std::vector<std::string>& operands) {
  std::vector<std::string> tokens;
  for (const std::string& operand : operands) {
    std::string token;
    for (const char c : operand + ' ') {
      if (c == ' ' || c == '(' || c == ')') {
        if (!token.empty()) tokens.push_back(std::move(token));
        token.clear();
      } else {
        token += c;
      }
    }
  }
  return tokens;
}

Parsed<SsCommand> parse_filter(SsCommand command, const std::vector<std::string>& tokens) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string& word = tokens[i];
    if (word == "and" || word == "&&" || word == "&") continue;
    const bool last = i + 1 >= tokens.size();
    if (word == "state") {
      if (last) return refuse("state without a name");
      if (!add_states(command, tokens[++i])) {
        return std::unexpected(failure(fmt::format("ss: wrong state name: {}\n", tokens[i]), 255));
      }
    } else if (word == "sport" || word == "dport") {
      if (!last && (tokens[i + 1] == "=" || tokens[i + 1] == "==" || tokens[i + 1] == "eq")) ++i;
      if (i + 1 >= tokens.size()) return refuse(word + " without a port");
      const auto port = port_of(tokens[++i]);
      if (!port) return refuse(fmt::format("{} {}", word, tokens[i]));
      (word == "sport" ? command.sport : command.dport) = port;
    } else if (word == "src" || word == "dst") {
      if (!last && (tokens[i + 1] == "=" || tokens[i + 1] == "==")) ++i;
      if (i + 1 >= tokens.size()) return refuse(word + " without an address");
      const std::string& value = tokens[++i];
      const std::size_t colon = value.find(':');
      const std::string host = value.substr(0, colon);
      if (!host.empty()) {
        const auto prefix = Ipv4Prefix::parse(host);
        if (!prefix) {
          return std::unexpected(
              failure(fmt::format("Error: an inet prefix is expected rather than \"{}\".\n"
                                  "Cannot parse dst/src address.\n",
                                  host),
                      1));
        }
        (word == "src" ? command.src : command.dst) = prefix;
      }
      if (colon != std::string::npos) {
        const auto port = port_of(value.substr(colon + 1));
        if (!port) return refuse("the port " + value);
        (word == "src" ? command.sport : command.dport) = port;
      }
    } else if (word == "or" || word == "not" || word == "!" || word == "exclude" || word == "dev") {
      return refuse("filter word " + word);
    } else {
      return std::unexpected(
          failure(fmt::format("Error: an inet prefix is expected rather than \"{}\".\n"
                              "Cannot parse dst/src address.\n",
                              word),
                  1));
    }
  }
  return command;
}

}  // namespace

Parsed<SsCommand> parse_ss(Args args) {
  const std::string usage_text(usage::kSs);
  const OptionSpec spec{.tool = "ss",
                        .letters = "naltuwpHs4h",
                        .unmodelled = "reoimTbEZzN60MSdxfKOADFV",
                        .close = "-n -a -l -t -u -w -p -H -s",
                        .longs = {{"numeric", 'n'},
                                  {"all", 'a'},
                                  {"listening", 'l'},
                                  {"tcp", 't'},
                                  {"udp", 'u'},
                                  {"raw", 'w'},
                                  {"processes", 'p'},
                                  {"no-header", 'H'},
                                  {"summary", 's'},
                                  {"ipv4", '4'},
                                  {"help", 'h'}},
                        .unmodelled_longs = {"resolve", "options", "extended", "memory", "info",
                                             "unix", "kill", "version"},
                        .usage = usage_text,
                        .status = 255};
  auto options = read_options(args, spec);
  if (!options) return std::unexpected(options.error());
  SsCommand ss;
  for (const auto& [letter, value] : options->given) {
    switch (letter) {
      case 'n': ss.numeric = true; break;
      case 'a': ss.all = true; break;
      case 'l': ss.listening = true; break;
      case 't': ss.tcp = true; break;
      case 'u': ss.udp = true; break;
      case 'w': ss.raw = true; break;
      case 'p': ss.programs = true; break;
      case 'H': ss.no_header = true; break;
      case 's': ss.summary = true; break;
      case 'h': return std::unexpected(Output{usage_text, {}, 0});
      default: break;  // -4: there is nothing else
    }
  }
  return parse_filter(ss, tokens_of(options->operands));
}

std::string to_text(const SsCommand& c) {
  std::string letters;
  if (c.numeric) letters += 'n';
  if (c.all) letters += 'a';
  if (c.listening) letters += 'l';
  if (c.tcp) letters += 't';
  if (c.udp) letters += 'u';
  if (c.raw) letters += 'w';
  if (c.programs) letters += 'p';
  if (c.no_header) letters += 'H';
  if (c.summary) letters += 's';
  std::string line = letters.empty() ? "ss" : "ss -" + letters;
  for (const TcpState state : c.states) {
    line += fmt::format(" state {}", kStateNames[static_cast<std::size_t>(state)]);
  }
  if (c.sport) line += fmt::format(" sport = :{}", *c.sport);
  if (c.dport) line += fmt::format(" dport = :{}", *c.dport);
  if (c.src) line += " src " + c.src->to_string();
  if (c.dst) line += " dst " + c.dst->to_string();
  return line;
}

Output render_ss(const HostTables& tables, const SsCommand& command, int columns) {
  if (command.summary) return {summary(tables), {}, 0};
  Table table;
  const int protos = int{command.tcp} + int{command.udp} + int{command.raw};
  if (protos == 1) table.disable(kNetid);
  const std::vector<TcpState> states = states_shown(command);
  if (states.size() == 1) table.disable(kState);
  if (!command.no_header) table.add_header();
  // ss asks for raw, then udp, then tcp sockets; listeners come before connections.
  for (const SocketProto proto : {SocketProto::kRaw, SocketProto::kUdp, SocketProto::kTcp}) {
    for (const bool v4 : {true, false}) {
      for (const bool listeners : {true, false}) {
        for (const SocketRow& socket : tables.sockets) {
          const bool first_pass = proto != SocketProto::kTcp || socket.state == TcpState::kListen;
          if (socket.proto != proto || first_pass != listeners || socket.local.is_v4() != v4) {
            continue;
          }
          if (wanted(socket, command, states)) table.add(row_of(socket, command));
        }
      }
    }
  }
  return {table.render(columns), {}, 0};
}

}  // namespace lvslab::command
