#include "gui/models/tables_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "gui/models/play_model.h"
#include "gui/models/table_words.h"
#include "gui/models/words.h"
#include "sim/trace/frame_facts.h"

namespace lvslab::gui {

namespace {

/// The column that changes with time alone, and so is not worth a mark; -1: none.
int ticking_column(HostTable table) {
  if (table == HostTable::kConnections || table == HostTable::kNeighbours) return 4;
  return table == HostTable::kVrrp ? 6 : -1;
}

}  // namespace

TablesModel::TablesModel(PlayModel& play, HostTable table, QObject* parent)
    : QAbstractTableModel(parent), play_(play), table_(table) {
  QObject::connect(&play, &PlayModel::moved, this, &TablesModel::on_moved);
  QObject::connect(&play, &PlayModel::opened, this, &TablesModel::rebuild);
  QObject::connect(&play, &PlayModel::focus_changed, this, [this] {
    mark_used(rows_);
    if (!rows_.empty()) {
      Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1), {kUsedRole});
    }
  });
  QObject::connect(&play, &PlayModel::language_changed, this, [this] {
    Q_EMIT headerDataChanged(Qt::Horizontal, 0, columnCount() - 1);
    rebuild();
  });
}

QString TablesModel::name_of(HostTable table) {
  switch (table) {
    case HostTable::kAddresses: return tr("Addresses");
    case HostTable::kNeighbours: return tr("ARP");
    case HostTable::kRoutes: return tr("Routes");
    case HostTable::kLocalRoutes: return tr("Local table");
    case HostTable::kRules: return tr("Rules");
    case HostTable::kServices: return tr("IPVS");
    case HostTable::kConnections: return tr("Connections");
    case HostTable::kVrrp: return tr("VRRP");
    case HostTable::kSockets: return tr("Sockets");
    case HostTable::kSysctls: return tr("Sysctls");
    case HostTable::kLinks: return tr("Links");
  }
  return {};
}

QString TablesModel::command_of(HostTable table) {
  constexpr std::array<const char*, kHostTables> kCommands = {
      "ip addr",       "ip neigh",    "ip route",     "ip route show table local",
      "ip rule",       "ipvsadm -ln", "ipvsadm -lnc", "/tmp/keepalived.data",
      "netstat -natp", "sysctl -a",   "ip -s link"};
  return QString::fromLatin1(kCommands[static_cast<std::size_t>(table)]);
}

int TablesModel::changed_rows() const {
  return static_cast<int>(std::ranges::count(rows_, true, &Row::changed));
}

void TablesModel::set_host(const std::string& host) {
  host_ = host;
  rebuild();
}

int TablesModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int TablesModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(headers().size());
}

QStringList TablesModel::headers() const {
  switch (table_) {
    case HostTable::kAddresses: return {tr("Interface"), tr("Address"), tr("Label"), tr("Scope")};
    case HostTable::kNeighbours:
      return {tr("Address"), tr("Interface"), tr("MAC"), tr("State"), tr("Age")};
    case HostTable::kRoutes:
    case HostTable::kLocalRoutes:
      return {tr("Destination"), tr("Via"), tr("Interface"), tr("Source"), tr("Kind")};
    case HostTable::kRules: return {tr("Priority"), tr("Selector"), tr("Action")};
    case HostTable::kServices:
      return {tr("Service / server"), tr("Method"), tr("Weight"), tr("Active"), tr("Inactive")};
    case HostTable::kConnections:
      return {tr("Client"), tr("Virtual"), tr("Server"), tr("State"), tr("Expires")};
    case HostTable::kVrrp:
      return {tr("Host"),      tr("Router"), tr("State"),        tr("Priority"),
              tr("Effective"), tr("Master"), tr("Sent / heard"), tr("VIPs")};
    case HostTable::kSockets:
      return {tr("Protocol"), tr("Local"), tr("Remote"), tr("State"), tr("Program")};
    case HostTable::kSysctls: return {tr("Setting"), tr("Value")};
    case HostTable::kLinks:
      return {tr("Interface"), tr("MAC"), tr("State"), tr("Received"), tr("Sent")};
  }
  return {};
}

QVariant TablesModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
  return headers().value(section);
}

QVariant TablesModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  const Row& row = rows_[static_cast<std::size_t>(index.row())];
  switch (role) {
    case Qt::DisplayRole:
    case Qt::ToolTipRole: return row.cells.value(index.column());
    case Qt::AccessibleTextRole: {
      const QString text = row.cells.value(index.column());
      return row.changed ? tr("%1 (changed)").arg(text) : text;
    }
    case kChangedRole: return row.changed;
    case kUsedRole: return row.used;
    case kIndentRole: return row.indented && index.column() == 0;
    default: return {};
  }
}

// --- rows ----------------------------------------------------------------------------------------

void TablesModel::on_moved(quint32 from, quint32 to) {
  std::vector<Row> rows = rows_at(to);
  // Compared with one event ago when going forth, so that a jump does not light everything.
  const Position before =
      to > from ? std::max<Position>(from, 0) : play_.history().previous_end(to);
  std::map<std::string, QStringList> old;
  for (Row& row : before == from && to > from ? rows_ : rows_at(before)) old[row.key] = row.cells;
  const int ticking = ticking_column(table_);
  for (Row& row : rows) {
    const auto found = old.find(row.key);
    row.changed = found == old.end();
    if (row.changed) continue;
    for (int c = 0; c < row.cells.size(); ++c) {
      if (c != ticking && row.cells[c] != found->second.value(c)) row.changed = true;
    }
  }
  mark_used(rows);
  replace(std::move(rows));
}

void TablesModel::rebuild() {
  std::vector<Row> rows = rows_at(play_.position());
  mark_used(rows);
  replace(std::move(rows));
}

// Keeps selection and scroll position where the rows stay the same in number.
void TablesModel::replace(std::vector<Row> rows) {
  if (rows.size() == rows_.size()) {
    rows_ = std::move(rows);
    if (!rows_.empty()) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
    return;
  }
  beginResetModel();
  rows_ = std::move(rows);
  endResetModel();
}

std::vector<TablesModel::Row> TablesModel::rows_at(Position position) const {
  std::vector<Row> rows;
  const NodeId node = play_.node(host_);
  if (!node.valid() || play_.history().end() == 0) return rows;
  if (table_ == HostTable::kVrrp) {
    fill_vrrp(position, rows);
    return rows;
  }
  HostTables tables = play_.history().tables_at(node, position);
  fill(tables, rows);
  fill_routing(tables, rows);
  fill_ipvs(tables, rows);
  return rows;
}

void TablesModel::fill(const HostTables& t, std::vector<Row>& rows) const {
  const auto add = [&](std::string key, QStringList cells) {
    rows.push_back({std::move(key), std::move(cells)});
  };
  switch (table_) {
    case HostTable::kAddresses:
      for (const AddrRow& r : t.addrs) {
        add(fmt::format("{}/{}", r.dev.value, r.local.to_string()),
            {to_qt(t.dev_name(r.dev)), to_qt(r.local.to_string()), to_qt(r.label.view()),
             scope_word(r.scope) + (r.secondary ? QStringLiteral(" secondary") : QString())});
      }
      for (const Addr6Row& r : t.addrs6) {
        add(fmt::format("{}/{}", r.dev.value, r.local.to_string()),
            {to_qt(t.dev_name(r.dev)), to_qt(r.local.to_string()), QString(), scope_word(r.scope)});
      }
      return;
    case HostTable::kNeighbours:
      for (const NeighRow& r : t.neighs) {
        add(fmt::format("{}/{}", r.dev.value, r.ip.to_string()),
            {to_qt(r.ip.to_string()), to_qt(t.dev_name(r.dev)),
             r.mac.is_zero() ? QStringLiteral("—") : to_qt(r.mac.to_string()), neigh_word(r.state),
             age_text(t.now - r.updated)});
      }
      return;
    case HostTable::kSockets:
      for (const SocketRow& r : t.sockets) {
        add(fmt::format("{}/{}", static_cast<int>(r.proto), r.id),
            {socket_word(r.proto), end_text(r.local, r.local_port),
             end_text(r.remote, r.remote_port), tcp_word(r),
             r.pid == 0 ? QStringLiteral("—")
                        : to_qt(fmt::format("{}/{}", r.pid, r.program.view()))});
      }
      return;
    case HostTable::kSysctls:
      for (const SysctlRow& r : t.sysctls) add(r.path, {to_qt(r.path), to_qt(r.value).trimmed()});
      return;
    case HostTable::kLinks:
      for (const LinkRow& r : t.links) {
        add(fmt::format("{}", r.dev.value),
            {to_qt(r.name.view()), to_qt(r.mac.to_string()), link_word(r),
             to_qt(fmt::format("{} · {} B", r.stats.rx_packets, r.stats.rx_bytes)),
             to_qt(fmt::format("{} · {} B", r.stats.tx_packets, r.stats.tx_bytes))});
      }
      return;
    default: return;
  }
}

void TablesModel::fill_routing(const HostTables& t, std::vector<Row>& rows) const {
  if (table_ == HostTable::kRules) {
    for (const RuleRow& r : t.rules) {
      rows.push_back({fmt::format("{}", rows.size()),
                      {QString::number(r.priority), rule_selector(r), rule_action(r)}});
    }
    return;
  }
  if (table_ != HostTable::kRoutes && table_ != HostTable::kLocalRoutes) return;
  const bool local = table_ == HostTable::kLocalRoutes;
  for (const RouteRow& r : t.routes) {
    if ((r.table == kTableLocal) != local) continue;
    const bool all = r.dst.len == 0;
    QString dst = all ? QStringLiteral("default") : to_qt(r.dst.to_string());
    if (!local && r.table != kTableMain) dst += QStringLiteral(" (%1)").arg(r.table);
    rows.push_back({fmt::format("{}/{}/{}/{}", r.table, static_cast<int>(r.type), r.dst.to_string(),
                                r.dev.value),
                    {dst, r.gateway.is_any() ? QStringLiteral("—") : to_qt(r.gateway.to_string()),
                     to_qt(t.dev_name(r.dev)),
                     r.prefsrc.is_any() ? QStringLiteral("—") : to_qt(r.prefsrc.to_string()),
                     route_word(r.type)}});
  }
  for (const Route6Row& r : t.routes6) {
    if ((r.table == kTableLocal) != local || r.multicast || r.anycast) continue;
    QString dst = r.dst.len == 0 ? QStringLiteral("default (IPv6)") : to_qt(r.dst.to_string());
    if (!local && r.table != kTableMain) dst += QStringLiteral(" (%1)").arg(r.table);
    rows.push_back({fmt::format("{}/{}/{}/{}", r.table, static_cast<int>(r.type), r.dst.to_string(),
                                r.dev.value),
                    {dst, r.gateway.is_any() ? QStringLiteral("—") : to_qt(r.gateway.to_string()),
                     to_qt(t.dev_name(r.dev)),
                     r.prefsrc.is_any() ? QStringLiteral("—") : to_qt(r.prefsrc.to_string()),
                     route_word(r.type)}});
  }
}

void TablesModel::fill_ipvs(const HostTables& t, std::vector<Row>& rows) const {
  if (table_ == HostTable::kServices) {
    for (const IpvsServiceRow& s : t.services) {
      rows.push_back({service_text(s.key).toStdString(),
                      {service_text(s.key), to_qt(s.scheduler.view()), {}, {}, {}}});
      for (const IpvsDestRow& d : t.dests) {
        if (d.service != s.key) continue;
        Row row{
            service_text(s.key).toStdString() + end_text(d.addr, d.port).toStdString(),
            {QStringLiteral("→ ") + end_text(d.addr, d.port), forward_word(d.forward),
             QString::number(d.weight), QString::number(d.active), QString::number(d.inactive)}};
        row.indented = true;
        rows.push_back(std::move(row));
      }
    }
    return;
  }
  if (table_ != HostTable::kConnections) return;
  for (const IpvsConnRow& c : t.conns) {
    rows.push_back(
        {fmt::format("{}", c.id),
         {end_text(c.client, c.client_port), end_text(c.virt, c.virt_port),
          end_text(c.dest, c.dest_port), conn_word(c.state), countdown_text(c.expires - t.now)}});
  }
}

// Who is master is a question about all hosts of a router: those of other hosts follow.
void TablesModel::fill_vrrp(Position position, std::vector<Row>& rows) const {
  std::vector<VrrpRow> routers = play_.history().vrrp_at(position);
  const NodeId own = play_.node(host_);
  std::ranges::stable_partition(routers, [&](const VrrpRow& r) { return r.node == own; });
  const auto number = [](int value) {
    return value == 0 ? QStringLiteral("—") : QString::number(value);
  };
  for (const VrrpRow& r : routers) {
    const std::string dev = play_.trace().dev_name(r.node, r.dev);
    QString master = r.master.is_any() ? QStringLiteral("—") : to_qt(r.master.to_string());
    const auto who = std::ranges::find(routers, r.master, &VrrpRow::source);
    if (!r.master.is_any() && who != routers.end()) {
      master = to_qt(play_.trace().node(who->node).name);
    }
    rows.push_back(
        {fmt::format("{}/{}", r.node.value, r.vrid),
         {to_qt(play_.trace().node(r.node).name),
          dev.empty() ? QString::number(r.vrid) : to_qt(fmt::format("{} · {}", r.vrid, dev)),
          vrrp_word(r.phase), number(r.base_priority), number(r.priority), master,
          QStringLiteral("%1 / %2").arg(r.sent).arg(r.heard), vip_text(r, position)}});
  }
}

// With a tick at those that the host has now.
QString TablesModel::vip_text(const VrrpRow& row, Position position) const {
  const HostTables tables = play_.history().tables_at(row.node, position);
  QStringList texts;
  for (const Ipv4Addr vip : play_.history().addresses_of(row)) {
    const bool here = std::ranges::any_of(
        tables.addrs, [&](const AddrRow& a) { return a.dev == row.dev && a.local.addr == vip; });
    texts << to_qt(vip.to_string()) + (here ? QStringLiteral(" ✓") : QString());
  }
  return texts.isEmpty() ? QStringLiteral("—") : texts.join(QStringLiteral(", "));
}

namespace {

/// The length of a destination in a listing that holds `addr`; -1 if it does not.
int matched_length(const std::string& destination, IpAddr addr) {
  if (addr.is_v4()) {
    const auto prefix = Ipv4Prefix::parse(destination == "default" ? "0.0.0.0/0" : destination);
    return prefix && prefix->contains(addr.v4()) ? prefix->len : -1;
  }
  const auto prefix = Ipv6Prefix::parse(destination == "default (IPv6)" ? "::/0" : destination);
  return prefix && prefix->contains(addr.v6()) ? prefix->len : -1;
}

}  // namespace

// The row that the packet in focus would look up: the longest matching route, the neighbour, the
// connection.
void TablesModel::mark_used(std::vector<Row>& rows) const {
  for (Row& row : rows) row.used = false;
  const RecordId focus = play_.focus();
  if (!focus.valid() || focus.value >= play_.trace().size()) return;
  const TraceRecord& r = play_.trace()[focus];
  if (!r.frame.valid() || !r.node.valid() || play_.trace().node(r.node).name != host_) return;
  if (table_ == HostTable::kVrrp) {
    const std::uint8_t vrid = vrrp_router_in(play_.trace().frame(r.frame));
    const std::string key = fmt::format("{}/{}", r.node.value, vrid);
    for (Row& row : rows) row.used = row.key == key;
    return;
  }
  const FrameFacts facts = facts_of(play_.trace().frame(r.frame));
  if (!facts.has_ip) return;
  Row* best = nullptr;
  int best_len = -1;
  for (Row& row : rows) {
    const std::string first = row.cells.value(0).toStdString();
    if (table_ == HostTable::kRoutes || table_ == HostTable::kLocalRoutes) {
      const int len = matched_length(first, facts.dst);
      if (len > best_len) {
        best = &row;
        best_len = len;
      }
    } else if (table_ == HostTable::kNeighbours) {
      const bool sends = r.kind == RecordKind::kFrameSent;
      const MacAddr mac = sends ? facts.dst_mac : facts.src_mac;
      row.used = row.cells.value(2) == to_qt(mac.to_string());
    } else if (table_ == HostTable::kConnections) {
      row.used = row.cells.value(0) == end_text(facts.src, facts.src_port);
    } else if (table_ == HostTable::kSockets) {
      row.used = row.cells.value(2) == end_text(facts.src, facts.src_port) ||
                 row.cells.value(2) == end_text(facts.dst, facts.dst_port);
    }
  }
  if (best != nullptr) best->used = true;
}

}  // namespace lvslab::gui
