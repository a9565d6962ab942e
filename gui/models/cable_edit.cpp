#include "gui/models/cable_edit.h"

#include <algorithm>
#include <set>

#include "gui/models/words.h"

namespace lvslab::gui {
namespace {

using scenario::Host;
using scenario::Nic;
using scenario::Scenario;
using scenario::Switch;
using scenario::Uplink;

// --- NICs ----------------------------------------------------------------------------------------

/// "eth2": the first that the host does not have.
QString free_nic(const Host& host) {
  for (int i = 0;; ++i) {
    const QString name = QStringLiteral("eth%1").arg(i);
    if (std::ranges::find(host.nics, from_qt(name), &Nic::name) == host.nics.end()) return name;
  }
}

Result<TextEdit> add_nic(const QString& text, const Host& host, const QString& nic) {
  const Lines lines(text);
  const auto item = lines.item_at(host.where);
  if (!item) return std::unexpected(item.error());
  const int nics = lines.item_key(*item, QStringLiteral("nics"));
  if (item->in_one_line || (nics != 0 && !lines[nics].trimmed().startsWith(u"nics:"))) {
    return fail(host.name + " is written in one line; edit it by hand");
  }
  if (nics == 0) {
    return lines.insert(item->end, indented({QStringLiteral("nics:")}, item->keys) +
                                       indented({nic}, item->keys + 2));
  }
  if (host.nics.empty()) {
    return fail("the NICs of " + host.name + " are an empty list; edit them by hand");
  }
  const auto last = lines.item_at(host.nics.back().where);
  if (!last || last->first == nics) {
    return fail("the NICs of " + host.name + " are written in one line; edit them by hand");
  }
  return lines.insert(last->end, indented({nic}, last->dash));
}

Result<TextEdit> remove_nic(const QString& text, const Scenario& s, const scenario::NicRef& ref) {
  const Host* host = s.find_host(ref.host);
  if (host == nullptr) return fail("there is no host '" + ref.host + "'");
  const auto found = std::ranges::find(host->nics, ref.nic, &Nic::name);
  if (found == host->nics.end()) return fail(host->name + " has no '" + ref.nic + "'");
  const Lines lines(text);
  const auto owner = lines.item_at(host->where);
  if (!owner) return std::unexpected(owner.error());
  const auto item = lines.item_at(found->where);
  if (!item) return std::unexpected(item.error());
  int first = item->first;
  if (host->nics.size() == 1) {  // an empty list is none
    const int nics = lines.item_key(*owner, QStringLiteral("nics"));
    if (nics != 0) first = nics;
  }
  return lines.remove(first, item->end);
}

// --- uplinks -------------------------------------------------------------------------------------

const Uplink* uplink_to(const Switch& from, const std::string& to) {
  const auto found = std::ranges::find(from.uplinks, to, &Uplink::to);
  return found == from.uplinks.end() ? nullptr : &*found;
}

/// The column (from 0) of the name of an uplink in its line.
Result<int> column_of(const Lines& lines, const Uplink& uplink) {
  const QString name = to_qt(uplink.to);
  const int column = uplink.where.column - 1;
  if (uplink.where.line <= 0 || uplink.where.line > lines.count() ||
      lines[uplink.where.line].mid(column, name.size()) != name) {
    return fail("the uplinks are not written plainly; edit them by hand");
  }
  return column;
}

/// An item of a list in block style.
bool has_line_of_its_own(const QString& line, int column) {
  return line.first(column).trimmed() == QLatin1String("-");
}

/// The last character before `column` that is no blank.
QChar before(const QString& line, int column) {
  const QString head = line.first(column).trimmed();
  return head.isEmpty() ? QChar() : head.back();
}

/// "- {name: left}": where its brace closes; -1 if that is not on the line.
qsizetype closing_brace(const QString& line, qsizetype open) {
  int depth = 0;
  for (qsizetype at = open; at < line.size(); ++at) {
    if (line[at] == u'{') ++depth;
    if (line[at] == u'}' && --depth == 0) return at;
  }
  return -1;
}

Result<TextEdit> add_uplink(const QString& text, const Switch& from, const QString& to) {
  const Lines lines(text);
  if (from.uplinks.empty()) {
    const auto item = lines.item_at(from.where);
    if (!item) return std::unexpected(item.error());
    const QString words = QStringLiteral("uplinks: ") + to;
    if (!item->in_one_line) return lines.insert(item->end, indented({words}, item->keys));
    const qsizetype close = closing_brace(lines[item->first], item->keys);
    if (close < 0) return fail("switch " + from.name + " is not written plainly; edit it by hand");
    return TextEdit{lines.offset(item->first) + close, 0, QStringLiteral(", ") + words};
  }
  const Uplink& last = from.uplinks.back();
  const auto column = column_of(lines, last);
  if (!column) return std::unexpected(column.error());
  const QString& line = lines[last.where.line];
  if (has_line_of_its_own(line, *column)) {
    return lines.insert(last.where.line + 1,
                        indented({QStringLiteral("- ") + to}, indent_of(line)));
  }
  const QString name = to_qt(last.to);
  const qsizetype at = lines.offset(last.where.line) + *column;
  const bool in_list = before(line, *column) != u':';
  if (in_list) return TextEdit{at + name.size(), 0, QStringLiteral(", ") + to};
  return TextEdit{at, name.size(), QStringLiteral("[%1, %2]").arg(name, to)};
}

/// The words from `from` to `to` (columns) of a line, and the comma that sets them apart.
TextEdit without_words(const Lines& lines, int number, qsizetype from, qsizetype to) {
  const QString& line = lines[number];
  const auto skip = [&](qsizetype at) {
    while (at < line.size() && line[at] == u' ') ++at;
    return at;
  };
  if (before(line, static_cast<int>(from)) == u',') {
    from = line.lastIndexOf(u',', from - 1);
  } else if (const qsizetype next = skip(to); next < line.size() && line[next] == u',') {
    to = skip(next + 1);
  }
  return {lines.offset(number) + from, to - from, {}};
}

Result<TextEdit> remove_uplink(const QString& text, const Switch& from, const Uplink& uplink) {
  const Lines lines(text);
  const auto column = column_of(lines, uplink);
  if (!column) return std::unexpected(column.error());
  const int number = uplink.where.line;
  const QString& line = lines[number];
  const qsizetype name_end = *column + to_qt(uplink.to).size();
  const bool only = from.uplinks.size() == 1;
  const bool own_line = has_line_of_its_own(line, *column);
  if (!only) {
    if (own_line) return lines.remove(number, number + 1);
    return without_words(lines, number, *column, name_end);
  }
  const auto item = lines.item_at(from.where);
  if (!item) return std::unexpected(item.error());
  if (!item->in_one_line) {
    const int key = lines.item_key(*item, QStringLiteral("uplinks"));
    if (key != 0 && key != item->first) return lines.remove(key, number + 1);
  } else if (const qsizetype key = line.lastIndexOf(QLatin1String("uplinks"), *column); key >= 0) {
    qsizetype end = name_end;
    if (line.mid(key, *column - key).contains(u'[')) end = line.indexOf(u']', end) + 1;
    return without_words(lines, number, key, end);
  }
  return fail("switch " + from.name + " is not written plainly; edit it by hand");
}

}  // namespace

// --- both ----------------------------------------------------------------------------------------

Result<TextEdit> add_cable(const QString& text, const Scenario& s, const QString& from,
                           const QString& to) {
  if (from == to) return fail("a cable has two ends");
  const Host* host = s.find_host(from_qt(from));
  const Host* other = s.find_host(from_qt(to));
  const Switch* lan = s.find_switch(from_qt(from));
  const Switch* far = s.find_switch(from_qt(to));
  if ((host == nullptr && lan == nullptr) || (other == nullptr && far == nullptr)) {
    return fail("there is no '" + from_qt(host == nullptr && lan == nullptr ? from : to) + "'");
  }
  if (lan != nullptr && far != nullptr) {
    if (uplink_to(*lan, far->name) != nullptr || uplink_to(*far, lan->name) != nullptr) {
      return fail(lan->name + " and " + far->name + " are joined already");
    }
    return add_uplink(text, *lan, to);
  }
  if (host != nullptr && other != nullptr) {
    const QString mine = free_nic(*host), theirs = free_nic(*other);
    auto near_end =
        add_nic(text, *host, QStringLiteral("- {name: %1, peer: %2/%3}").arg(mine, to, theirs));
    if (!near_end) return near_end;
    auto far_end = add_nic(text, *other, QStringLiteral("- {name: %1}").arg(theirs));
    if (!far_end) return far_end;
    return joined(text, *std::move(near_end), *std::move(far_end));
  }
  const Host& one = host != nullptr ? *host : *other;
  const QString at = host != nullptr ? to : from;
  return add_nic(text, one, nic_on_switch(free_nic(one), at, free_address(s, at)));
}

Result<TextEdit> remove_cable(const QString& text, const Scenario& s, const QString& node,
                              const QString& end) {
  if (const Switch* one = s.find_switch(from_qt(node))) {
    const Switch* other = s.find_switch(from_qt(end));
    if (other == nullptr) return fail("there is no switch '" + from_qt(end) + "'");
    if (const Uplink* up = uplink_to(*one, other->name)) return remove_uplink(text, *one, *up);
    if (const Uplink* up = uplink_to(*other, one->name)) return remove_uplink(text, *other, *up);
    return fail("no cable joins " + one->name + " and " + other->name);
  }
  const scenario::NicRef ref{from_qt(node), from_qt(end)};
  auto removed = remove_nic(text, s, ref);
  if (!removed) return removed;
  const auto& nics = s.find_host(ref.host)->nics;
  const auto& peer = std::ranges::find(nics, ref.nic, &Nic::name)->peer;
  if (!peer) return removed;
  if (peer->host == ref.host) return fail("both ends are of " + ref.host + "; edit them by hand");
  auto there = remove_nic(text, s, *peer);
  if (!there) return there;
  return joined(text, *std::move(removed), *std::move(there));
}

QStringList neighbours_of_switch(const Scenario& s, const QString& name) {
  QStringList out;
  for (const Switch& one : s.switches) {
    for (const Uplink& uplink : one.uplinks) {
      if (to_qt(one.name) == name) out << to_qt(uplink.to);
      if (to_qt(uplink.to) == name) out << to_qt(one.name);
    }
  }
  out.sort();
  return out;
}

QString nic_on_switch(const QString& name, const QString& switch_name, const QString& address) {
  const QString addresses =
      address.isEmpty() ? QString() : QStringLiteral("addresses: %1, ").arg(address);
  return QStringLiteral("- {name: %1, %2switch: %3}").arg(name, addresses, switch_name);
}

QString free_address(const Scenario& s, const QString& switch_name) {
  std::set<Ipv4Addr> taken;
  const Ipv4Prefix* subnet = nullptr;
  for (const Host& host : s.hosts) {
    for (const Nic& nic : host.nics) {
      for (const Ipv4Prefix& address : nic.addresses) {
        taken.insert(address.addr);
        if (to_qt(nic.switch_name) == switch_name && subnet == nullptr) subnet = &address;
      }
    }
  }
  if (subnet == nullptr) return {};
  for (std::uint32_t bits = subnet->network().bits + 1; bits < subnet->broadcast().bits; ++bits) {
    const Ipv4Addr address{bits};
    if (taken.contains(address) || (bits & 0xff) < 205) continue;
    return to_qt(Ipv4Prefix{address, subnet->len}.to_string());
  }
  return {};
}

}  // namespace lvslab::gui
