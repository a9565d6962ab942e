#include "gui/models/scenario_edit.h"

#include <algorithm>
#include <set>

#include "gui/models/words.h"
#include "sim/scenario/keys.h"

namespace lvslab::gui {
namespace {

using scenario::KeySpec;
using scenario::Mark;
using scenario::ObjectSpec;
using scenario::ValueKind;

int indent_of(const QString& line) {
  int indent = 0;
  while (indent < line.size() && line[indent] == u' ') ++indent;
  return indent;
}
bool says_nothing(const QString& line) {
  const QString bare = line.trimmed();
  return bare.isEmpty() || bare.startsWith(u'#');
}

/// A text by lines (from 1, as marks count).
class Lines {
 public:
  explicit Lines(const QString& text) : lines_(text.split(u'\n')) {}

  int count() const { return static_cast<int>(lines_.size()); }
  const QString& operator[](int line) const { return lines_[line - 1]; }
  qsizetype offset(int line) const {
    qsizetype at = 0;
    for (int i = 1; i < line; ++i) at += lines_[i - 1].size() + 1;
    return at;
  }
  /// The line after the block that begins at `first` and is indented by `indent` or more; comments
  /// and blank lines at its end belong to what follows.
  int block_end(int first, int indent) const {
    int end = first + 1;
    for (int line = first + 1; line <= count(); ++line) {
      if (says_nothing((*this)[line])) continue;
      if (indent_of((*this)[line]) < indent) break;
      end = line + 1;
    }
    return end;
  }
  /// The line of a key of the whole file ("hosts:"); 0 if there is none.
  int top_key(const QString& key) const {
    for (int line = 1; line <= count(); ++line) {
      if ((*this)[line].startsWith(key + u':')) return line;
    }
    return 0;
  }
  /// The line of `key` within the item [first, end); 0 if there is none.
  int item_key(int first, int end, int indent, const QString& key) const {
    for (int line = first; line < end; ++line) {
      QString text = (*this)[line];
      if (line == first) text.replace(text.indexOf(u'-'), 1, u' ');
      if (indent_of(text) == indent && text.trimmed().startsWith(key + u':')) return line;
    }
    return 0;
  }

 private:
  QStringList lines_;
};

/// An item of a list ("  - name: node01"): its lines, and the column of its dash and of its keys.
struct Item {
  int first = 0, end = 0;
  int dash = 0, keys = 0;
};

Result<Item> item_at(const Lines& lines, Mark mark) {
  if (mark.line <= 0 || mark.line > lines.count()) return fail("this host is not in the text");
  const QString& line = lines[mark.line];
  const int dash = indent_of(line);
  if (dash >= line.size() || line[dash] != u'-') {
    return fail("this part of the file is not written as a block; edit it by hand");
  }
  int keys = dash + 1;
  while (keys < line.size() && line[keys] == u' ') ++keys;
  return Item{mark.line, lines.block_end(mark.line, dash + 1), dash, keys};
}

/// `lines` with `indent` blanks before each.
QString indented(const QStringList& lines, int indent) {
  QString out;
  for (const QString& line : lines) out += QString(indent, u' ') + line + u'\n';
  return out;
}

QString nic_line(const QString& name, const QString& switch_name, const QString& address) {
  const QString addresses =
      address.isEmpty() ? QString() : QStringLiteral("addresses: %1, ").arg(address);
  return QStringLiteral("- {name: %1, %2switch: %3}").arg(name, addresses, switch_name);
}

/// Inserts an item at the end of the list under a key of the whole file, or that key itself.
Result<TextEdit> append_item(const QString& text, const QString& key,
                             const std::vector<Mark>& items, const QStringList& item) {
  const Lines lines(text);
  if (!items.empty()) {
    const auto last = item_at(lines, items.back());
    if (!last) return std::unexpected(last.error());
    // A list of hosts is airy if it was.
    const bool airy =
        items.size() > 1 && last->first > 1 && lines[last->first - 1].trimmed().isEmpty();
    const qsizetype at = lines.offset(last->end);
    QString block = (airy ? QStringLiteral("\n") : QString()) + indented(item, last->dash);
    if (at > text.size()) block = u'\n' + block;
    return TextEdit{std::min(at, text.size()), 0, block};
  }
  const int line = lines.top_key(key);
  if (line == 0) {
    QString block = key + QStringLiteral(":\n") + indented(item, 2);
    if (!text.endsWith(u'\n')) block = u'\n' + block;
    return TextEdit{text.size(), 0, block};
  }
  if (lines[line].trimmed() != key + u':') {
    return fail("the list '" + from_qt(key) + "' is not written as a block; edit it by hand");
  }
  return TextEdit{std::min(lines.offset(line + 1), text.size()), 0, indented(item, 2)};
}

}  // namespace

Result<TextEdit> add_switch(const QString& text, const scenario::Scenario& s, const QString& name) {
  std::vector<Mark> items;
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
         << QStringLiteral("    ") + nic_line(QStringLiteral("eth0"), switch_name, address);
  }
  std::vector<Mark> items;
  for (const scenario::Host& host : s.hosts) items.push_back(host.where);
  return append_item(text, QStringLiteral("hosts"), items, item);
}

Result<TextEdit> add_cable(const QString& text, const scenario::Scenario& s, const QString& name,
                           const QString& switch_name, const QString& address) {
  const scenario::Host* host = s.find_host(from_qt(name));
  if (host == nullptr) return fail("there is no host '" + from_qt(name) + "'");
  const Lines lines(text);
  const auto item = item_at(lines, host->where);
  if (!item) return std::unexpected(item.error());
  const QString nic =
      nic_line(QStringLiteral("eth%1").arg(host->nics.size()), switch_name, address);
  const int nics = lines.item_key(item->first, item->end, item->keys, QStringLiteral("nics"));
  if (nics == 0) {
    return TextEdit{
        std::min(lines.offset(item->end), text.size()), 0,
        indented({QStringLiteral("nics:")}, item->keys) + indented({nic}, item->keys + 2)};
  }
  if (lines[nics].trimmed() != QLatin1String("nics:")) {
    return fail("the NICs of " + host->name + " are written in one line; edit them by hand");
  }
  const auto last =
      item_at(lines, host->nics.empty() ? Mark{nics + 1, 1} : host->nics.back().where);
  if (!last) return std::unexpected(last.error());
  return TextEdit{std::min(lines.offset(last->end), text.size()), 0, indented({nic}, last->dash)};
}

Result<TextEdit> remove_cable(const QString& text, const scenario::Scenario& s, const QString& name,
                              const QString& nic) {
  const scenario::Host* host = s.find_host(from_qt(name));
  if (host == nullptr) return fail("there is no host '" + from_qt(name) + "'");
  const auto found = std::ranges::find(host->nics, from_qt(nic), &scenario::Nic::name);
  if (found == host->nics.end()) return fail(host->name + " has no '" + from_qt(nic) + "'");
  const Lines lines(text);
  const auto owner = item_at(lines, host->where);
  if (!owner) return std::unexpected(owner.error());
  const auto item = item_at(lines, found->where);
  if (!item) return std::unexpected(item.error());
  int first = item->first;
  if (host->nics.size() == 1) {  // an empty list is none
    const int nics = lines.item_key(owner->first, owner->end, owner->keys, QStringLiteral("nics"));
    if (nics != 0) first = nics;
  }
  const qsizetype from = lines.offset(first);
  return TextEdit{from, std::min(lines.offset(item->end), text.size()) - from, {}};
}

Result<TextEdit> remove_node(const QString& text, const scenario::Scenario& s,
                             const QString& name) {
  const scenario::Host* host = s.find_host(from_qt(name));
  const scenario::Switch* one = s.find_switch(from_qt(name));
  if (host == nullptr && one == nullptr) return fail("there is no '" + from_qt(name) + "'");
  const Lines lines(text);
  const auto item = item_at(lines, host != nullptr ? host->where : one->where);
  if (!item) return std::unexpected(item.error());
  int end = item->end;
  while (end <= lines.count() && lines[end].trimmed().isEmpty() && end < lines.count()) ++end;
  const qsizetype from = lines.offset(item->first);
  return TextEdit{from, std::min(lines.offset(end), text.size()) - from, {}};
}

QString free_name(const scenario::Scenario& s, bool is_switch) {
  for (int i = 1;; ++i) {
    const QString name = is_switch ? QStringLiteral("lan%1").arg(i)
                                   : QStringLiteral("node%1").arg(i, 2, 10, QLatin1Char('0'));
    if (s.find_host(from_qt(name)) == nullptr && s.find_switch(from_qt(name)) == nullptr)
      return name;
  }
}

QString free_address(const scenario::Scenario& s, const QString& switch_name) {
  std::set<Ipv4Addr> taken;
  const Ipv4Prefix* subnet = nullptr;
  for (const scenario::Host& host : s.hosts) {
    for (const scenario::Nic& nic : host.nics) {
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

// --- completion ----------------------------------------------------------------------------------

namespace {

/// The keys above the last line, outermost first: what object one is in.
QStringList path_to(const QStringList& lines, int indent) {
  QStringList path;
  for (qsizetype i = lines.size() - 2; i >= 0 && indent > 0; --i) {
    const QString& line = lines[i];
    if (says_nothing(line)) continue;
    int at = indent_of(line);
    QString text = line.mid(at);
    // "- name: x": its keys stand two further in, but the list's own key is less far.
    while (text.startsWith(QLatin1String("- "))) {
      text = text.mid(2);
      at += 2;
    }
    const qsizetype colon = text.indexOf(u':');
    if (indent_of(line) >= indent || at >= indent) continue;
    if (colon <= 0) continue;
    path.prepend(text.first(colon).trimmed());
    indent = indent_of(line);
  }
  return path;
}

const ObjectSpec* object_at(const QStringList& path) {
  const ObjectSpec* object = &scenario::kScenarioKeys;
  for (const QString& key : path) {
    const KeySpec* spec = object->find(from_qt(key));
    if (spec == nullptr || spec->object == nullptr) return nullptr;
    object = spec->object;
  }
  return object;
}

bool takes_block(ValueKind kind) {
  return kind == ValueKind::kObject || kind == ValueKind::kObjects || kind == ValueKind::kSettings;
}

std::vector<Completion> values_of(const KeySpec& key, const scenario::Scenario* s) {
  std::vector<Completion> out;
  const QString doc = to_qt(key.doc);
  for (const std::string_view word : key.words) out.push_back({to_qt(word), doc});
  if (key.kind == ValueKind::kBool) {
    out.push_back({QStringLiteral("true"), doc});
    out.push_back({QStringLiteral("false"), doc});
  }
  if (s == nullptr) return out;
  const bool nic = key.kind == ValueKind::kNic || key.kind == ValueKind::kTarget;
  const bool host = key.name == "on" || key.name == "host" || key.kind == ValueKind::kTarget;
  for (const scenario::Host& one : s->hosts) {
    if (host) out.push_back({to_qt(one.name), doc});
    for (const scenario::Nic& card : one.nics) {
      if (nic) out.push_back({to_qt(one.name + "/" + card.name), doc});
    }
  }
  if (key.name == "switch" || key.name == "uplinks") {
    for (const scenario::Switch& one : s->switches) out.push_back({to_qt(one.name), doc});
  }
  return out;
}

}  // namespace

std::vector<Completion> completions(const QString& before, const scenario::Scenario* s) {
  const QStringList lines = before.split(u'\n');
  QString line = lines.back();
  int indent = indent_of(line);
  QString text = line.mid(indent);
  while (text.startsWith(QLatin1String("- "))) {
    text = text.mid(2);
    indent += 2;
  }
  if (text.startsWith(u'#')) return {};
  const ObjectSpec* object = object_at(path_to(lines, indent));
  if (object == nullptr) return {};
  // Within {a: b, c: the part after the last comma counts, in the object of the key's list.
  if (const qsizetype brace = text.lastIndexOf(u'{'); brace >= 0 && !text.contains(u'}')) {
    const QString head = text.first(brace).trimmed();
    if (head.endsWith(u':')) {
      const KeySpec* spec = object->find(from_qt(head.chopped(1)));
      object = spec == nullptr ? nullptr : spec->object;
      if (object == nullptr) return {};
    }
    text = text.mid(std::max(brace, text.lastIndexOf(u',')) + 1).trimmed();
  }
  const qsizetype colon = text.indexOf(u':');
  std::vector<Completion> out;
  if (colon < 0) {
    for (const KeySpec& key : object->keys) {
      const QString word = to_qt(key.name) + QLatin1String(takes_block(key.kind) ? ":" : ": ");
      if (word.startsWith(text)) out.push_back({word, to_qt(key.doc)});
    }
    return out;
  }
  const KeySpec* key = object->find(from_qt(text.first(colon).trimmed()));
  if (key == nullptr) return out;
  const QString typed = text.mid(colon + 1).trimmed();
  for (Completion& value : values_of(*key, s)) {
    if (value.word.startsWith(typed) && value.word != typed) out.push_back(std::move(value));
  }
  return out;
}

}  // namespace lvslab::gui
