#include "sim/lab/html_drawings.h"

#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <map>

#include "sim/lab/html_text.h"
#include "sim/lab/ladder_columns.h"
#include "sim/scenario/topology.h"
#include "sim/trace/text.h"

namespace lvslab::lab {
namespace {

constexpr IfIndex kLo{1};

std::string_view say(const HtmlReport& report, std::string_view en, std::string_view zh) {
  return report.language == Language::kZh ? zh : en;
}

std::string role_word(const HtmlReport& report, scenario::Role role) {
  using scenario::Role;
  switch (role) {
    case Role::kClient: return std::string(say(report, "client", "客户端"));
    case Role::kDirector: return std::string(say(report, "director", "负载均衡器"));
    case Role::kBackup: return std::string(say(report, "backup director", "备用均衡器"));
    case Role::kRealServer: return std::string(say(report, "real server", "真实服务器"));
    case Role::kRouter: return std::string(say(report, "router", "路由器"));
    case Role::kHost: return std::string(say(report, "host", "主机"));
  }
  return {};
}

// --- the drawing ---------------------------------------------------------------------------------

constexpr int kUnit = 13, kLine = 17, kBoxWidth = 176, kMargin = 20;

/// A symbol of the drawing; x and y are its middle.
struct Symbol {
  std::string name;
  std::vector<std::string> lines;  ///< below the name
  bool is_switch = false;
  int x = 0, y = 0;
  int height() const { return (1 + static_cast<int>(lines.size())) * kLine + 14; }
};

std::vector<Symbol> symbols_of(const HtmlReport& report) {
  std::vector<Symbol> symbols;
  for (const scenario::Placed& place : scenario::default_layout(*report.scenario)) {
    Symbol symbol{.name = place.name, .lines = {}, .x = place.x * kUnit, .y = place.y * kUnit};
    if (const scenario::Host* host = report.scenario->find_host(place.name)) {
      symbol.lines.push_back(role_word(report, host->role));
      for (const scenario::Nic& nic : host->nics) {
        for (const Ipv4Prefix& address : nic.addresses) {
          symbol.lines.push_back(nic.name + " " + address.to_string());
        }
        for (const Ipv6Prefix& address : nic.addresses6) {
          symbol.lines.push_back(nic.name + " " + address.to_string());
        }
      }
    } else {
      symbol.is_switch = true;
      symbol.lines.emplace_back(say(report, "switch", "交换机"));
    }
    symbols.push_back(std::move(symbol));
  }
  return symbols;
}

constexpr int kGap = 44;

using Cables = std::vector<scenario::Cable>;

/// The only switch that a host hangs at; null if it has another cable, or none.
Symbol* switch_of(const std::string& host, const Cables& cables, std::vector<Symbol>& symbols) {
  std::string peer;
  for (const auto& [a, b] : cables) {
    if (a.node != host && b.node != host) continue;
    if (!peer.empty()) return nullptr;
    peer = a.node == host ? b.node : a.node;
  }
  const auto found = std::ranges::find(symbols, peer, &Symbol::name);
  return found == symbols.end() || !found->is_switch ? nullptr : &*found;
}

// Directors stand below and above their switch, real servers beside it: so no cable passes behind
// a host.
void place_around_switches(const scenario::Scenario& scenario, const Cables& cables,
                           std::vector<Symbol>& symbols) {
  constexpr int kBelow = 150, kBeside = 16 * kUnit;  // a column of default_layout()
  std::map<std::string, int> directors;              // by switch
  using scenario::Role;
  for (Symbol& symbol : symbols) {
    const scenario::Host* host = scenario.find_host(symbol.name);
    const Symbol* at = host == nullptr ? nullptr : switch_of(symbol.name, cables, symbols);
    if (at == nullptr) continue;
    if (host->role == Role::kDirector || host->role == Role::kBackup) {
      const int rank = directors[at->name]++;
      symbol.x = at->x + rank / 2 * kBeside;
      symbol.y = at->y + (rank % 2 == 0 ? kBelow : -kBelow);
    } else if (host->role == Role::kRealServer) {
      symbol.x = at->x + kBeside;
    }
  }
}

/// Gives room to what stands over each other in a column, and to columns that are too near.
void spread(std::vector<Symbol>& symbols) {
  std::map<int, std::vector<Symbol*>> columns;
  for (Symbol& symbol : symbols) columns[symbol.x].push_back(&symbol);
  int free_from = INT_MIN;
  for (auto& [was, column] : columns) {
    std::ranges::stable_sort(column, {}, &Symbol::y);
    bool crowded = false;
    int height = -kGap / 2;
    for (std::size_t i = 0; i < column.size(); ++i) {
      height += column[i]->height() + kGap / 2;
      crowded = crowded || (i > 0 && column[i]->y - column[i - 1]->y < column[i]->height() + 8);
    }
    int top = -height / 2;
    const int x = std::max(was, free_from);
    for (Symbol* symbol : column) {
      if (crowded) symbol->y = top + symbol->height() / 2;
      top += symbol->height() + kGap / 2;
      symbol->x = x;
    }
    free_from = x + kBoxWidth + kGap;
  }
}

std::string symbol_svg(const Symbol& symbol) {
  const int top = symbol.y - symbol.height() / 2;
  std::string svg =
      fmt::format(R"(<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="{}"/>)",
                  symbol.is_switch ? "switch" : "host", symbol.x - kBoxWidth / 2, top, kBoxWidth,
                  symbol.height(), symbol.is_switch ? symbol.height() / 2 : 6);
  svg += fmt::format(R"(<text class="name" x="{}" y="{}">{}</text>)", symbol.x, top + kLine + 2,
                     html(symbol.name));
  for (std::size_t i = 0; i < symbol.lines.size(); ++i) {
    svg += fmt::format(R"(<text class="note" x="{}" y="{}">{}</text>)", symbol.x,
                       top + kLine * static_cast<int>(i + 2) + 2, html(symbol.lines[i]));
  }
  return svg + "\n";
}

}  // namespace

std::string topology_svg(const HtmlReport& report) {
  std::vector<Symbol> symbols = symbols_of(report);
  const Cables cables = scenario::cables_of(*report.scenario);
  place_around_switches(*report.scenario, cables, symbols);
  spread(symbols);
  int left = INT_MAX;
  int right = INT_MIN;
  int top = INT_MAX;
  int bottom = INT_MIN;
  std::map<std::string, const Symbol*> by_name;
  for (const Symbol& s : symbols) {
    left = std::min(left, s.x - kBoxWidth / 2);
    right = std::max(right, s.x + kBoxWidth / 2);
    top = std::min(top, s.y - s.height() / 2);
    bottom = std::max(bottom, s.y + s.height() / 2);
    by_name[s.name] = &s;
  }
  if (symbols.empty()) return {};
  const int width = right - left + 2 * kMargin;
  std::string svg = fmt::format(
      R"(<svg class="topology" role="img" aria-label="{}" viewBox="{} {} {} {}" width="{}">)"
      "\n",
      say(report, "Topology", "拓扑"), left - kMargin, top - kMargin, width,
      bottom - top + 2 * kMargin, width);
  for (const auto& [a, b] : cables) {
    const auto from = by_name.find(a.node);
    const auto to = by_name.find(b.node);
    if (from == by_name.end() || to == by_name.end()) continue;
    svg += fmt::format(R"(<line class="cable" x1="{}" y1="{}" x2="{}" y2="{}"/>)", from->second->x,
                       from->second->y, to->second->x, to->second->y);
  }
  for (const Symbol& symbol : symbols) svg += symbol_svg(symbol);
  return svg + "</svg>\n";
}

// --- the time line -------------------------------------------------------------------------------

std::vector<ReportMark> marks_of(const Trace& trace) {
  std::vector<ReportMark> marks;
  std::map<Ipv4Addr, NodeId> owners;
  for (const TraceRecord& r : trace.records()) {
    if (!r.node.valid()) continue;
    if (r.kind == RecordKind::kCommand || r.kind == RecordKind::kFault) {
      const bool fault = r.kind == RecordKind::kFault;
      std::string text(trace.text(r.args[0]));
      const std::string dev = fault ? trace.dev_name(r.node, r.dev) : std::string();
      if (!dev.empty()) text += " " + dev;
      marks.push_back({fault ? ReportMark::Kind::kFault : ReportMark::Kind::kCommand, r.at, r.node,
                       std::move(text)});
    } else if (r.kind == RecordKind::kRowAdded) {
      const TableRow any = trace.row(r.args[0]);
      const auto* row = std::get_if<AddrRow>(&any);
      if (row == nullptr || row->dev == kLo) continue;
      const auto [owner, first] = owners.try_emplace(row->local.addr, r.node);
      if (first || owner->second == r.node) continue;
      owner->second = r.node;
      marks.push_back({ReportMark::Kind::kFailover, r.at, r.node, row->local.addr.to_string()});
    }
  }
  return marks;
}

namespace {

constexpr int kStripWidth = 1'000, kStripHeight = 92, kAxis = 52;

std::string mark_svg(const ReportMark& mark, std::int64_t x, const std::string& words) {
  const std::string title = "<title>" + html(words) + "</title>";
  switch (mark.kind) {
    case ReportMark::Kind::kCommand:
      return fmt::format(R"(<g class="command">{}<line x1="{}" y1="{}" x2="{}" y2="{}"/></g>)",
                         title, x, kAxis - 12, x, kAxis);
    case ReportMark::Kind::kFault:
      return fmt::format(R"(<g class="fault">{}<text x="{}" y="{}">⚡</text></g>)", title, x,
                         kAxis - 16);
    case ReportMark::Kind::kFailover:
      return fmt::format(R"(<g class="failover">{}<circle cx="{}" cy="{}" r="6"/></g>)", title, x,
                         kAxis - 34);
  }
  return {};
}

/// "0.5", "12": seconds without zeros at their end.
std::string short_seconds(SimTime at) {
  std::string text = seconds_text(at);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

/// A round number of nanoseconds of which four to ten fit into `span`.
std::int64_t tick_of(std::int64_t span) {
  std::int64_t tick = 1'000;
  while (tick * 10 < span) tick *= 10;
  if (span / tick >= 5) return tick;
  return span / tick >= 2 ? tick / 2 : tick / 5;
}

}  // namespace

std::string timeline_svg(const HtmlReport& report, const std::vector<ReportMark>& marks) {
  const std::int64_t span = std::max<std::int64_t>(report.end.ns, 1'000);
  const auto place = [&](SimTime at) {
    constexpr std::int64_t kInner = kStripWidth - 2 * kMargin;
    return kMargin + kInner * std::min(at.ns, span) / span;
  };
  std::string svg = fmt::format(
      R"(<svg class="timeline" role="img" aria-label="{}" viewBox="0 0 {} {}" width="100%">)"
      "\n"
      R"(<line class="axis" x1="{}" y1="{}" x2="{}" y2="{}"/>)",
      say(report, "Time line", "时间线"), kStripWidth, kStripHeight, kMargin, kAxis,
      kStripWidth - kMargin, kAxis);
  const std::int64_t tick = tick_of(span);
  for (std::int64_t at = 0; at <= span; at += tick) {
    const std::int64_t x = place(SimTime{at});
    svg += fmt::format(R"(<line class="axis" x1="{0}" y1="{1}" x2="{0}" y2="{2}"/>)"
                       R"(<text class="note" x="{0}" y="{3}">{4} s</text>)",
                       x, kAxis, kAxis + 6, kAxis + 24, short_seconds(SimTime{at}));
  }
  for (const ReportMark& mark : marks) {
    const std::string& host = report.trace->node(mark.node).name;
    svg += mark_svg(mark, place(mark.at),
                    fmt::format("{} {}: {}", seconds_text(mark.at), host, mark.text));
  }
  return svg + "</svg>\n";
}

// --- the ladder ----------------------------------------------------------------------------------

namespace {

constexpr int kTimeWidth = 104, kColumn = 170, kRow = 22, kHead = 34;
/// Room for sentences beside the last host.
constexpr int kBesideLast = 240;

std::string_view class_of(const FrameFacts& facts) {
  switch (facts.protocol) {
    case Protocol::kArp: return "arp";
    case Protocol::kIcmp: return "icmp";
    case Protocol::kTcp: return "tcp";
    case Protocol::kUdp: return "udp";
    case Protocol::kSctp: return "sctp";
    case Protocol::kVrrp: return "vrrp";
    case Protocol::kOther: return "other";
  }
  return "other";
}

class Ladder {
 public:
  explicit Ladder(const HtmlReport& report)
      : report_(report), columns_(ladder_columns(*report.scenario)), builder_(columns_) {
    for (std::uint32_t i = 0; i < report.trace->size(); ++i) builder_.take(*report.trace, i);
  }

  std::string draw() const {
    const std::size_t shown = std::min(builder_.rows().size(), report_.most_rows);
    const std::size_t columns = columns_.size();
    const int width = kTimeWidth + static_cast<int>(columns) * kColumn + kBesideLast;
    const int height = kHead + static_cast<int>(shown + 1) * kRow;
    std::string svg = fmt::format(
        R"(<svg class="ladder" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}">)"
        "\n",
        say(report_, "Packets", "报文"), width, height, width);
    for (std::size_t c = 0; c < columns; ++c) {
      svg += fmt::format(R"(<text class="name" x="{0}" y="20">{1}</text>)"
                         R"(<line class="life" x1="{0}" y1="{2}" x2="{0}" y2="{3}"/>)"
                         "\n",
                         x_of(c), html(columns_[c].name()), kHead - 6, height);
    }
    for (std::size_t r = 0; r < shown; ++r) {
      svg += row(builder_.rows()[r], kHead + static_cast<int>(r + 1) * kRow - 6);
    }
    svg += "</svg>\n";
    if (shown < builder_.rows().size()) {
      svg += fmt::format("<p class=\"more\">{}</p>\n",
                         fmt::format(fmt::runtime(say(report_,
                                                      "{} further rows are not shown. A capture "
                                                      "(--pcap) holds all packets.",
                                                      "另有 {} 行没有显示。抓包文件（--pcap）"
                                                      "包含全部报文。")),
                                     builder_.rows().size() - shown));
    }
    return svg;
  }

 private:
  static int x_of(std::size_t column) {
    return kTimeWidth + static_cast<int>(column) * kColumn + kColumn / 2;
  }

  std::string row(const LadderRow& row, int y) const {
    const Trace& trace = *report_.trace;
    const TraceRecord& r = trace[row.record];
    std::string svg =
        fmt::format(R"(<text class="time" x="4" y="{}">{}</text>)", y, micros_text(row.at));
    switch (row.kind) {
      case LadderRow::Kind::kArrow: return svg + arrows(row, y);
      case LadderRow::Kind::kDrop:
        return svg + word(row, y, "drop", "✕ " + reason_sentence(trace, r, report_.language));
      case LadderRow::Kind::kCommand:
        return svg + word(row, y, "command", "$ " + std::string(trace.text(r.args[0])));
      case LadderRow::Kind::kFault:
        return svg + word(row, y, "fault", "⚡ " + std::string(trace.text(r.args[0])));
    }
    return svg;
  }

  /// Beside the host's line, on its left where the right edge is near.
  std::string word(const LadderRow& row, int y, std::string_view css, std::string_view text) const {
    const std::size_t columns = columns_.size();
    const bool left = columns > 1 && row.from * 2 >= columns;
    return fmt::format(R"(<circle class="{0}" cx="{1}" cy="{2}" r="3"/>)"
                       R"(<text class="{0} {3}" x="{4}" y="{5}">{6}</text>)"
                       "\n",
                       css, x_of(row.from), y - 4, left ? "end" : "start",
                       x_of(row.from) + (left ? -8 : 8), y, html(text));
  }

  std::string arrows(const LadderRow& row, int y) const {
    std::string label = row.facts.label.empty() ? protocol_name(row.facts) : row.facts.label;
    if (row.facts.envelope != Envelope::kNone) label = protocol_name(row.facts) + " " + label;
    if (row.again) label += " ↻";
    std::string title = fmt::format("#{} {}", row.number, protocol_name(row.facts));
    if (row.facts.has_ip) {
      title += fmt::format(" {} → {}", row.facts.src.to_string(), row.facts.dst.to_string());
    }
    std::string svg =
        fmt::format(R"(<g class="{}"><title>{}</title>)", class_of(row.facts), html(title));
    const int from = x_of(row.from);
    int label_x = from + kColumn / 2;
    for (const std::size_t column : row.to) {
      const int to = x_of(column);
      const int tip = to > from ? -6 : 6;
      svg += fmt::format(R"(<line x1="{0}" y1="{3}" x2="{1}" y2="{3}"/>)"
                         R"(<polygon points="{1},{3} {2},{4} {2},{5}"/>)",
                         from, to, to + tip, y - 4, y - 8, y);
    }
    if (row.to.empty()) {
      svg += fmt::format(R"(<line class="lost" x1="{0}" y1="{2}" x2="{1}" y2="{2}"/>)", from,
                         from + 46, y - 4);
      label += " ✕";
    } else {
      const auto nearest = std::ranges::min(
          row.to, {}, [&](std::size_t column) { return std::abs(x_of(column) - from); });
      label_x = from + (x_of(nearest) > from ? kColumn / 2 : -kColumn / 2);
    }
    svg += fmt::format(R"(<text class="label" x="{}" y="{}">{}</text></g>)"
                       "\n",
                       label_x, y - 7, html(label));
    return svg;
  }

  const HtmlReport& report_;
  std::vector<LadderColumn> columns_;
  LadderBuilder builder_;
};

}  // namespace

std::string ladder_svg(const HtmlReport& report) { return Ladder(report).draw(); }

}  // namespace lvslab::lab
