#include "gui/widgets/transport_bar.h"

#include <QComboBox>
#include <QEvent>
#include <QLabel>
#include <QSignalBlocker>
#include <QSlider>
#include <QToolButton>

#include "gui/models/play_model.h"
#include "gui/models/words.h"
#include "gui/widgets/icons.h"

namespace lvslab::gui {
namespace {

/// Milliseconds a step at each notch of the speed; 0: as fast as it goes.
constexpr std::array<int, 6> kPaces = {1200, 600, 300, 150, 40, 0};

}  // namespace

TransportBar::TransportBar(PlayModel& play, QWidget* parent) : QToolBar(parent), play_(play) {
  setObjectName(QStringLiteral("transport"));
  setMovable(false);
  setIconSize(QSize(20, 20));
  restart_ = addAction(icon(Glyph::kRestart), {});
  back_ = addAction(icon(Glyph::kBack), {});
  step_ = addAction(icon(Glyph::kStep), {});
  play_pause_ = addAction(icon(Glyph::kPlay), {});
  end_ = addAction(icon(Glyph::kToEnd), {});
  addSeparator();
  by_label_ = new QLabel(this);
  addWidget(by_label_);
  by_ = new QComboBox(this);
  by_->addItems({QString(), QString(), QString(), QString()});
  by_label_->setBuddy(by_);
  addWidget(by_);
  speed_label_ = new QLabel(this);
  addWidget(speed_label_);
  speed_ = new QSlider(Qt::Horizontal, this);
  speed_->setRange(0, static_cast<int>(kPaces.size()) - 1);
  speed_->setPageStep(1);
  speed_->setFixedWidth(96);
  speed_label_->setBuddy(speed_);
  addWidget(speed_);
  until_ = addAction(icon(Glyph::kUntil), {});
  time_ = new QLabel(this);
  time_->setObjectName(QStringLiteral("time"));
  time_->setMinimumWidth(120);
  time_->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
  addWidget(time_);

  QObject::connect(restart_, &QAction::triggered, &play, &PlayModel::restart);
  QObject::connect(back_, &QAction::triggered, this, [this] { play_.back(play_.stride()); });
  QObject::connect(step_, &QAction::triggered, this, [this] { play_.step(play_.stride()); });
  QObject::connect(end_, &QAction::triggered, &play, &PlayModel::to_end);
  QObject::connect(until_, &QAction::triggered, this, &TransportBar::until_wanted);
  QObject::connect(play_pause_, &QAction::triggered, this, [this] {
    if (play_.playing() || play_.busy()) {
      play_.cancel();
    } else {
      play_.play();
    }
  });
  QObject::connect(by_, &QComboBox::currentIndexChanged, this,
                   [this](int index) { play_.set_stride(static_cast<Stride>(index)); });
  QObject::connect(speed_, &QSlider::valueChanged, this, [this](int notch) {
    play_.set_pace(kPaces.at(static_cast<std::size_t>(notch)));
  });
  QObject::connect(&play, &PlayModel::state_changed, this, &TransportBar::refresh);
  QObject::connect(&play, &PlayModel::moved, this, &TransportBar::refresh);
  QObject::connect(&play, &PlayModel::opened, this, &TransportBar::refresh);
  by_->setCurrentIndex(static_cast<int>(play.stride()));
  speed_->setValue(2);
  retranslate();
}

void TransportBar::changeEvent(QEvent* event) {
  QToolBar::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) retranslate();
}

void TransportBar::retranslate() {
  const auto name = [](QAction* action, const QString& text, const QString& key) {
    action->setText(text);
    action->setToolTip(key.isEmpty() ? text : QStringLiteral("%1 (%2)").arg(text, key));
  };
  setWindowTitle(tr("Transport"));
  name(restart_, tr("Back to the start"), tr("Home"));
  name(back_, tr("One step back"), QStringLiteral("←"));
  name(step_, tr("One step forward"), QStringLiteral("→"));
  name(end_, tr("Run to the end"), tr("End"));
  name(until_, tr("Run until…"), QStringLiteral("Ctrl+U"));
  by_label_->setText(tr("Step by"));
  const QSignalBlocker blocker(by_);
  const QStringList strides{tr("event"), tr("frame"), tr("decision"), tr("command")};
  for (int i = 0; i < strides.size(); ++i) by_->setItemText(i, strides[i]);
  by_->setToolTip(tr("What one step is"));
  by_->setAccessibleName(tr("Step by"));
  speed_label_->setText(tr("Speed"));
  speed_->setToolTip(tr("How fast a run is shown; rightmost: without any pause"));
  speed_->setAccessibleName(tr("Speed"));
  time_->setToolTip(tr("Simulated time in seconds"));
  refresh();
}

void TransportBar::refresh() {
  const bool open = play_.has_scenario() && play_.history().end() > 0;
  const bool running = play_.playing() || play_.busy();
  restart_->setEnabled(open && play_.position() > play_.start());
  back_->setEnabled(open && play_.position() > play_.start());
  step_->setEnabled(open);
  end_->setEnabled(open && !(play_.finished()));
  play_pause_->setEnabled(open);
  until_->setEnabled(open);
  play_pause_->setIcon(icon(running ? Glyph::kPause : Glyph::kPlay));
  const QString text = running ? tr("Pause") : tr("Run");
  play_pause_->setText(text);
  play_pause_->setToolTip(QStringLiteral("%1 (%2)").arg(text, tr("Space")));
  time_->setText(time_text(play_.now()) + tr(" s"));
  time_->setAccessibleName(tr("Simulated time: %1 seconds").arg(time_text(play_.now())));
}

}  // namespace lvslab::gui
