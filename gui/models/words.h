// Texts of the simulator as Qt's, and numbers as the window writes them.
#pragma once

#include <QString>
#include <optional>
#include <string_view>

#include "sim/base/language.h"
#include "sim/scenario/model.h"
#include "sim/trace/trace.h"

namespace lvslab::gui {

inline QString to_qt(std::string_view text) {
  return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}
inline std::string from_qt(const QString& text) { return text.toStdString(); }

/// "2.104 318": seconds with microseconds, in groups of three.
QString time_text(SimTime at);

/// The kind of a record as a word of the window's language: "sends", "decides".
QString verb_of(RecordKind kind);

/// "unplug node02/eth0" in words.
QString fault_words(const scenario::Fault& fault);

/// What a host is for: "director", "real server".
QString role_name(scenario::Role role);

/// "●○○ beginner": the dots say the same as the word. Empty if the scenario does not say.
QString difficulty_text(std::optional<scenario::Difficulty> difficulty);

/// What a program wrote to a terminal, without what only moves, colours and rings (ECMA-48).
QString without_controls(QString text);
/// On one line, with a sign where a line ended.
QString one_line(QString text);

}  // namespace lvslab::gui
