#include "gui/models/scenario_edit.h"

#include <vector>

#include "gui/models/cable_edit.h"
#include "gui/models/words.h"

namespace lvslab::gui {
namespace {

using scenario::Mark;

/// Inserts an item at the end of the list under a key of the whole file, or that key itself.
Result<TextEdit> append_item(const QString& text, const QString& key,
                             const std::vector<Mark>& items, const QStringList& item) {
  const Lines lines(text);
  if (!items.empty()) {
    const auto last = lines.item_at(items.back());
    if (!last) return std::unexpected(last.error());
    // A list of hosts is airy if it was.
    const bool airy =
        items.size() > 1 && last->first > 1 && lines[last->first - 1].trimmed().isEmpty();
    return lines.insert(last->end,
                        (airy ? QStringLiteral("\n") : QString()) + indented(item, last->dash));
  }
  const int line = lines.top_key(key);
  if (line == 0) {
    return lines.insert(lines.count() + 1, key + QStringLiteral(":\n") + indented(item, 2));
  }
  if (lines[line].trimmed() != key + u':') {
    return fail("the list '" + from_qt(key) + "' is not written as a block; edit it by hand");
  }
  return lines.insert(line + 1, indented(item, 2));
}

}  // namespace

Result<TextEdit> add_switch(const QString& text, const scenario::Scenario& s, const QString& name) {
  std::vector<Mark> items;
  items.reserve(s.switches.size());
  for (const scenario::Switch& one : s.switches) items.push_back(one.where);
  return append_item(text, QStringLiteral("switches"), items, {QStringLiteral("- name: ") + name});
}

Result<TextEdit> add_host(const QString& text, const scenario::Scenario& s, const QString& name,
                          scenario::Role role, const QString& switch_name, const QString& address) {
  QStringList item{QStringLiteral("- name: ") + name};
  if (role != scenario::Role::kHost) {
    item << QStringLiteral("  role: ") + to_qt(scenario::to_string(role));
  }
  if (!switch_name.isEmpty()) {
    item << QStringLiteral("  nics:")
         << QStringLiteral("    ") + nic_on_switch(QStringLiteral("eth0"), switch_name, address);
  }
  std::vector<Mark> items;
  items.reserve(s.hosts.size());
  for (const scenario::Host& host : s.hosts) items.push_back(host.where);
  return append_item(text, QStringLiteral("hosts"), items, item);
}

Result<TextEdit> remove_node(const QString& text, const scenario::Scenario& s,
                             const QString& name) {
  const scenario::Host* host = s.find_host(from_qt(name));
  const scenario::Switch* one = s.find_switch(from_qt(name));
  if (host == nullptr && one == nullptr) return fail("there is no '" + from_qt(name) + "'");
  const Lines lines(text);
  const auto item = lines.item_at(host != nullptr ? host->where : one->where);
  if (!item) return std::unexpected(item.error());
  int end = item->end;
  while (end <= lines.count() && lines[end].trimmed().isEmpty() && end < lines.count()) ++end;
  return lines.remove(item->first, end);
}

QString free_name(const scenario::Scenario& s, bool is_switch) {
  for (int i = 1;; ++i) {
    const QString name = is_switch ? QStringLiteral("lan%1").arg(i)
                                   : QStringLiteral("node%1").arg(i, 2, 10, QLatin1Char('0'));
    if (s.find_host(from_qt(name)) == nullptr && s.find_switch(from_qt(name)) == nullptr)
      return name;
  }
}

}  // namespace lvslab::gui
