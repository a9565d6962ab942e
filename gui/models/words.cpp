#include "gui/models/words.h"

#include <QCoreApplication>
#include <QRegularExpression>

#include "sim/scenario/units.h"

namespace lvslab::gui {
namespace {

QString word(const char* text) { return QCoreApplication::translate("Words", text); }

}  // namespace

QString time_text(SimTime at) {
  const std::int64_t us = at.ns / 1'000;
  return QStringLiteral("%1.%2 %3")
      .arg(us / 1'000'000)
      .arg(us / 1'000 % 1'000, 3, 10, QLatin1Char('0'))
      .arg(us % 1'000, 3, 10, QLatin1Char('0'));
}

QString verb_of(RecordKind kind) {
  switch (kind) {
    case RecordKind::kFrameSent: return word(QT_TRANSLATE_NOOP("Words", "sends"));
    case RecordKind::kFrameReceived: return word(QT_TRANSLATE_NOOP("Words", "receives"));
    case RecordKind::kFrameDropped: return word(QT_TRANSLATE_NOOP("Words", "drops"));
    case RecordKind::kDecision: return word(QT_TRANSLATE_NOOP("Words", "decides"));
    case RecordKind::kRowAdded: return word(QT_TRANSLATE_NOOP("Words", "adds"));
    case RecordKind::kRowChanged: return word(QT_TRANSLATE_NOOP("Words", "changes"));
    case RecordKind::kRowRemoved: return word(QT_TRANSLATE_NOOP("Words", "removes"));
    case RecordKind::kCommand: return word(QT_TRANSLATE_NOOP("Words", "runs"));
    case RecordKind::kOutput: return word(QT_TRANSLATE_NOOP("Words", "prints"));
    case RecordKind::kExit: return word(QT_TRANSLATE_NOOP("Words", "exits"));
    case RecordKind::kFault: return word(QT_TRANSLATE_NOOP("Words", "fault"));
    case RecordKind::kNote: return word(QT_TRANSLATE_NOOP("Words", "note"));
  }
  return {};
}

QString fault_words(const scenario::Fault& fault) {
  using scenario::FaultKind;
  const QString host = to_qt(fault.host);
  const QString nic = to_qt(fault.nic);
  const QString share = to_qt(scenario::share_to_text(fault.ppm));
  switch (fault.kind) {
    case FaultKind::kLinkDown:
      return word(QT_TRANSLATE_NOOP("Words", "%1: %2 is unplugged")).arg(host, nic);
    case FaultKind::kLinkUp:
      return word(QT_TRANSLATE_NOOP("Words", "%1: %2 is plugged in")).arg(host, nic);
    case FaultKind::kLoss:
      return word(QT_TRANSLATE_NOOP("Words", "%1: the cable of %2 loses %3")).arg(host, nic, share);
    case FaultKind::kDelay:
      return word(QT_TRANSLATE_NOOP("Words", "%1: the cable of %2 takes %3"))
          .arg(host, nic, to_qt(scenario::duration_to_text(fault.delay)));
    case FaultKind::kDuplicate:
      return word(QT_TRANSLATE_NOOP("Words", "%1: the cable of %2 repeats %3"))
          .arg(host, nic, share);
    case FaultKind::kCrash: return word(QT_TRANSLATE_NOOP("Words", "%1 crashes")).arg(host);
    case FaultKind::kReboot: return word(QT_TRANSLATE_NOOP("Words", "%1 starts anew")).arg(host);
    case FaultKind::kPowerOff:
      return word(QT_TRANSLATE_NOOP("Words", "%1 is switched off")).arg(host);
  }
  return {};
}

QString role_name(scenario::Role role) {
  using scenario::Role;
  switch (role) {
    case Role::kClient: return word(QT_TRANSLATE_NOOP("Words", "client"));
    case Role::kDirector: return word(QT_TRANSLATE_NOOP("Words", "director"));
    case Role::kBackup: return word(QT_TRANSLATE_NOOP("Words", "backup director"));
    case Role::kRealServer: return word(QT_TRANSLATE_NOOP("Words", "real server"));
    case Role::kRouter: return word(QT_TRANSLATE_NOOP("Words", "router"));
    case Role::kHost: return word(QT_TRANSLATE_NOOP("Words", "host"));
  }
  return {};
}

QString difficulty_text(std::optional<scenario::Difficulty> difficulty) {
  using scenario::Difficulty;
  if (!difficulty) return {};
  switch (*difficulty) {
    case Difficulty::kBeginner:
      return QStringLiteral("●○○ ") + word(QT_TRANSLATE_NOOP("Words", "beginner"));
    case Difficulty::kIntermediate:
      return QStringLiteral("●●○ ") + word(QT_TRANSLATE_NOOP("Words", "intermediate"));
    case Difficulty::kAdvanced:
      return QStringLiteral("●●● ") + word(QT_TRANSLATE_NOOP("Words", "advanced"));
  }
  return {};
}

QString one_line(QString text) {
  return without_controls(std::move(text)).trimmed().replace(u'\n', u'⏎');
}

QString without_controls(QString text) {
  if (!text.contains(u'\x1b') && !text.contains(u'\r') && !text.contains(u'\a')) return text;
  static const QRegularExpression kControl(
      QStringLiteral("\x1b\\[[0-?]*[ -/]*[@-~]|\x1b\\][^\a\x1b]*(\a|\x1b\\\\)|\x1b[()][A-Z0-9]|"
                     "\x1b[=>78]|[\r\a]"));
  return text.remove(kControl);
}

}  // namespace lvslab::gui
