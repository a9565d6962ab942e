#include "gui/models/table_words.h"

#include <fmt/format.h>

#include "gui/models/words.h"
#include "sim/base/state_names.h"

namespace lvslab::gui {

QString scope_word(Scope scope) {
  switch (scope) {
    case Scope::kUniverse: return QStringLiteral("global");
    case Scope::kSite: return QStringLiteral("site");
    case Scope::kLink: return QStringLiteral("link");
    case Scope::kHost: return QStringLiteral("host");
    case Scope::kNowhere: return QStringLiteral("nowhere");
  }
  return {};
}

QString neigh_word(NeighState state) { return to_qt(name_of(state)); }
QString route_word(RouteType type) { return to_qt(name_of(type)); }
QString conn_word(IpvsConnState state) { return to_qt(name_of(state)); }
QString forward_word(IpvsForward forward) { return to_qt(name_of(forward)); }

QString vrrp_word(VrrpPhase phase) {
  switch (phase) {
    case VrrpPhase::kUnknown: return QStringLiteral("—");
    case VrrpPhase::kBackup: return QStringLiteral("BACKUP");
    case VrrpPhase::kMaster: return QStringLiteral("MASTER");
    case VrrpPhase::kFault: return QStringLiteral("FAULT");
    case VrrpPhase::kStopped: return QStringLiteral("STOPPED");
  }
  return {};
}

QString socket_word(SocketProto proto) {
  switch (proto) {
    case SocketProto::kTcp: return QStringLiteral("tcp");
    case SocketProto::kUdp: return QStringLiteral("udp");
    case SocketProto::kRaw: return QStringLiteral("raw");
  }
  return {};
}

QString tcp_word(const SocketRow& row) {
  return row.proto == SocketProto::kTcp ? to_qt(name_of(row.state)) : QStringLiteral("—");
}

QString link_word(const LinkRow& row) {
  QString text = row.up ? QStringLiteral("UP") : QStringLiteral("DOWN");
  if (row.up && !row.carrier) text += QStringLiteral(" NO-CARRIER");
  if (row.no_arp) text += QStringLiteral(" NOARP");
  return text;
}

QString rule_selector(const RuleRow& rule) {
  std::string text = fmt::format("from {}", rule.from.len == 0 ? "all" : rule.from.to_string());
  if (rule.to.len != 0) text += fmt::format(" to {}", rule.to.to_string());
  if (!rule.iif.empty()) text += fmt::format(" iif {}", rule.iif.view());
  if (!rule.oif.empty()) text += fmt::format(" oif {}", rule.oif.view());
  if (rule.match_fwmark) text += fmt::format(" fwmark {:#x}", rule.fwmark);
  return to_qt(text);
}

QString rule_action(const RuleRow& rule) {
  if (rule.action != RouteType::kUnicast) return route_word(rule.action);
  switch (rule.table) {
    case kTableLocal: return QStringLiteral("lookup local");
    case kTableMain: return QStringLiteral("lookup main");
    case kTableDefault: return QStringLiteral("lookup default");
    default: return QStringLiteral("lookup %1").arg(rule.table);
  }
}

QString end_text(IpAddr addr, std::uint16_t port) {
  const std::string host = addr == IpAddr() ? "*" : addr.bracketed();
  return to_qt(port == 0 ? fmt::format("{}:*", host) : fmt::format("{}:{}", host, port));
}

QString service_text(const IpvsServiceKey& key) {
  if (key.fwmark != 0) {
    return QStringLiteral("FWM %1%2")
        .arg(key.fwmark)
        .arg(key.addr.is_v4() ? QString() : QStringLiteral(" IPv6"));
  }
  const char* const proto = key.protocol == 17 ? "UDP " : key.protocol == 132 ? "SCTP " : "TCP ";
  return QString::fromLatin1(proto) + end_text(key.addr, key.port);
}

QString age_text(SimDuration age) {
  if (age.ns < 0) return QStringLiteral("—");
  if (age.ms() < 1'000) return QStringLiteral("%1 ms").arg(age.ms());
  if (age.seconds() < 120)
    return QStringLiteral("%1.%2 s").arg(age.seconds()).arg(age.ms() / 100 % 10);
  return QStringLiteral("%1 min").arg(age.seconds() / 60);
}

QString countdown_text(SimDuration left) {
  const std::int64_t s = std::max<std::int64_t>(0, left.seconds());
  return QStringLiteral("%1:%2")
      .arg(s / 60, 2, 10, QLatin1Char('0'))
      .arg(s % 60, 2, 10, QLatin1Char('0'));
}

}  // namespace lvslab::gui
