#include "gui/models/completion.h"

#include <algorithm>

#include "gui/models/block_text.h"
#include "gui/models/words.h"
#include "sim/scenario/keys.h"

namespace lvslab::gui {
namespace {

using scenario::KeySpec;
using scenario::ObjectSpec;
using scenario::ValueKind;

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
  const QString& line = lines.back();
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
