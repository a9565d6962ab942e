// Values of a host's tables in the words of the real tools, which are English in every language.
#pragma once

#include <QString>

#include "sim/base/tables.h"
#include "sim/trace/vrrp_history.h"

namespace lvslab::gui {

QString scope_word(Scope scope);
QString neigh_word(NeighState state);
QString socket_word(SocketProto proto);
QString tcp_word(const SocketRow& row);
QString link_word(const LinkRow& row);
QString route_word(RouteType type);
QString conn_word(IpvsConnState state);
QString forward_word(IpvsForward forward);
/// As keepalived logs it: "MASTER".
QString vrrp_word(VrrpPhase phase);
QString rule_selector(const RuleRow& rule);
QString rule_action(const RuleRow& rule);
/// "192.168.80.150:80"; "*" for any address or port.
QString end_text(IpAddr addr, std::uint16_t port);
QString service_text(const IpvsServiceKey& key);
/// "3.2 s", "2 min".
QString age_text(SimDuration age);
/// "01:59": minutes and seconds, as ipvsadm prints them.
QString countdown_text(SimDuration left);

}  // namespace lvslab::gui
