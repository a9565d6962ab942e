#include "gui/models/screen_model.h"

#include <vterm.h>

#include <array>
#include <deque>
#include <utility>
#include <vector>

namespace lvslab::gui {
namespace {

constexpr std::size_t kMostHistory = 2'000;  // lines

/// The sixteen colours that programs ask for by number, legible on a dark ground.
constexpr std::array<quint32, 16> kPalette{
    0x3b4048, 0xf0776c, 0x7cc47f, 0xe0b14f, 0x74a8f0, 0xd08be0, 0x56bfc4, 0xc9ccd3,
    0x8a919e, 0xff938a, 0x9be39e, 0xf5cd76, 0x97c1ff, 0xe3abf0, 0x7fdade, 0xffffff};

constexpr std::pair<int, VTermKey> kKeys[] = {
    {Qt::Key_Return, VTERM_KEY_ENTER},      {Qt::Key_Enter, VTERM_KEY_ENTER},
    {Qt::Key_Tab, VTERM_KEY_TAB},           {Qt::Key_Backspace, VTERM_KEY_BACKSPACE},
    {Qt::Key_Escape, VTERM_KEY_ESCAPE},     {Qt::Key_Up, VTERM_KEY_UP},
    {Qt::Key_Down, VTERM_KEY_DOWN},         {Qt::Key_Left, VTERM_KEY_LEFT},
    {Qt::Key_Right, VTERM_KEY_RIGHT},       {Qt::Key_Insert, VTERM_KEY_INS},
    {Qt::Key_Delete, VTERM_KEY_DEL},        {Qt::Key_Home, VTERM_KEY_HOME},
    {Qt::Key_End, VTERM_KEY_END},           {Qt::Key_PageUp, VTERM_KEY_PAGEUP},
    {Qt::Key_PageDown, VTERM_KEY_PAGEDOWN},
};

VTermKey special_key(int key) {
  for (const auto& [qt, terminal] : kKeys) {
    if (qt == key) return terminal;
  }
  if (key < Qt::Key_F1 || key > Qt::Key_F12) return VTERM_KEY_NONE;
  return static_cast<VTermKey>(VTERM_KEY_FUNCTION(1 + key - Qt::Key_F1));
}

VTermModifier modifiers_of(Qt::KeyboardModifiers modifiers) {
  int held = VTERM_MOD_NONE;
  if (modifiers.testFlag(Qt::ShiftModifier)) held |= VTERM_MOD_SHIFT;
  if (modifiers.testFlag(Qt::AltModifier)) held |= VTERM_MOD_ALT;
  if (modifiers.testFlag(Qt::ControlModifier)) held |= VTERM_MOD_CTRL;
  return static_cast<VTermModifier>(held);
}

std::optional<quint32> rgb_of(const VTermScreen* screen, VTermColor colour, bool ground) {
  if (ground ? VTERM_COLOR_IS_DEFAULT_BG(&colour) : VTERM_COLOR_IS_DEFAULT_FG(&colour)) {
    return std::nullopt;
  }
  vterm_screen_convert_color_to_rgb(screen, &colour);
  return quint32{colour.rgb.red} << 16 | quint32{colour.rgb.green} << 8 | colour.rgb.blue;
}

}  // namespace

/// What libvterm calls back with.
struct ScreenModel::Terminal {
  explicit Terminal(ScreenModel& outside_model, int rows, int columns)
      : outside(outside_model),
        vterm(vterm_new(rows, columns)),
        screen(vterm_obtain_screen(vterm)) {
    vterm_set_utf8(vterm, 1);
    vterm_output_set_callback(vterm, &Terminal::on_output, this);
    vterm_screen_set_callbacks(screen, &kCallbacks, this);
    vterm_screen_enable_altscreen(screen, 1);
    VTermState* state = vterm_obtain_state(vterm);
    for (std::size_t i = 0; i < kPalette.size(); ++i) {
      VTermColor colour;
      vterm_color_rgb(&colour, static_cast<std::uint8_t>(kPalette[i] >> 16),
                      static_cast<std::uint8_t>(kPalette[i] >> 8),
                      static_cast<std::uint8_t>(kPalette[i]));
      vterm_state_set_palette_color(state, static_cast<int>(i), &colour);
    }
    vterm_screen_reset(screen, 1);
  }
  ~Terminal() { vterm_free(vterm); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  static void on_output(const char* bytes, size_t size, void* user) {
    Q_EMIT static_cast<Terminal*>(user)->outside.keys(
        QByteArray(bytes, static_cast<qsizetype>(size)));
  }
  static int on_cursor(VTermPos at, VTermPos /*before*/, int visible, void* user) {
    auto& self = *static_cast<Terminal*>(user);
    self.cursor = QPoint(at.col, at.row);
    self.cursor_shown = visible != 0;
    return 1;
  }
  static int on_property(VTermProp property, VTermValue* value, void* user) {
    if (property == VTERM_PROP_CURSORVISIBLE) {
      static_cast<Terminal*>(user)->cursor_shown = value->boolean != 0;
    }
    return 1;
  }
  static int on_push(int columns, const VTermScreenCell* cells, void* user) {
    auto& history = static_cast<Terminal*>(user)->history;
    history.emplace_back(cells, cells + columns);
    if (history.size() > kMostHistory) history.pop_front();
    return 1;
  }
  static int on_pop(int columns, VTermScreenCell* cells, void* user) {
    auto& history = static_cast<Terminal*>(user)->history;
    if (history.empty()) return 0;
    VTermScreenCell blank{};
    blank.width = 1;
    const std::vector<VTermScreenCell>& line = history.back();
    for (int i = 0; i < columns; ++i) {
      const auto at = static_cast<std::size_t>(i);
      cells[i] = at < line.size() ? line[at] : blank;
    }
    history.pop_back();
    return 1;
  }

  VTermScreenCell at(int line, int column) const {
    VTermScreenCell cell{};
    cell.width = 1;
    const int above = static_cast<int>(history.size());
    if (line >= above) {
      vterm_screen_get_cell(screen, {line - above, column}, &cell);
    } else if (const auto& old = history[static_cast<std::size_t>(line)];
               static_cast<std::size_t>(column) < old.size()) {
      cell = old[static_cast<std::size_t>(column)];
    }
    return cell;
  }

  static constexpr VTermScreenCallbacks kCallbacks{nullptr, nullptr, &on_cursor, &on_property,
                                                   nullptr, nullptr, &on_push,   &on_pop};

  ScreenModel& outside;
  VTerm* vterm;
  VTermScreen* screen;
  std::deque<std::vector<VTermScreenCell>> history;
  QPoint cursor;
  bool cursor_shown = true;
};

ScreenModel::ScreenModel(int rows, int columns, QObject* parent)
    : QObject(parent), terminal_(std::make_unique<Terminal>(*this, rows, columns)) {}

ScreenModel::~ScreenModel() = default;

int ScreenModel::rows() const {
  int rows = 0, columns = 0;
  vterm_get_size(terminal_->vterm, &rows, &columns);
  return rows;
}

int ScreenModel::columns() const {
  int rows = 0, columns = 0;
  vterm_get_size(terminal_->vterm, &rows, &columns);
  return columns;
}

int ScreenModel::lines() const { return static_cast<int>(terminal_->history.size()) + rows(); }

ScreenCell ScreenModel::cell(int line, int column) const {
  const VTermScreenCell from = terminal_->at(line, column);
  ScreenCell cell;
  for (const std::uint32_t c : from.chars) {
    if (c == 0 || c == UINT32_MAX) break;  // the second column of a wide character
    const char32_t letter = c;
    cell.text += QString::fromUcs4(&letter, 1);
  }
  cell.width = static_cast<unsigned char>(from.width);
  cell.bold = from.attrs.bold != 0;
  cell.underline = from.attrs.underline != 0;
  cell.ink = rgb_of(terminal_->screen, from.fg, false);
  cell.ground = rgb_of(terminal_->screen, from.bg, true);
  if (from.attrs.reverse != 0) {
    constexpr quint32 kOwnInk = 0xe6e6e6, kOwnGround = 0x1b1d21;
    const quint32 ink = cell.ink.value_or(kOwnInk);
    cell.ink = cell.ground.value_or(kOwnGround);
    cell.ground = ink;
  }
  return cell;
}

QString ScreenModel::line_text(int line) const {
  QString text;
  for (int column = 0; column < columns();) {
    const ScreenCell here = cell(line, column);
    text += here.text.isEmpty() ? QStringLiteral(" ") : here.text;
    column += std::max(here.width, 1);
  }
  while (text.endsWith(u' ')) text.chop(1);
  return text;
}

std::optional<QPoint> ScreenModel::cursor() const {
  if (!terminal_->cursor_shown) return std::nullopt;
  return terminal_->cursor + QPoint(0, static_cast<int>(terminal_->history.size()));
}

void ScreenModel::write(const QByteArray& bytes) {
  vterm_input_write(terminal_->vterm, bytes.constData(), static_cast<std::size_t>(bytes.size()));
  vterm_screen_flush_damage(terminal_->screen);
  Q_EMIT changed();
}

void ScreenModel::resize(int rows, int columns) {
  if (rows < 1 || columns < 1 || (rows == this->rows() && columns == this->columns())) return;
  vterm_set_size(terminal_->vterm, rows, columns);
  Q_EMIT changed();
}

void ScreenModel::reset() {
  terminal_->history.clear();
  vterm_screen_reset(terminal_->screen, 1);
  terminal_->cursor = {};
  Q_EMIT changed();
}

bool ScreenModel::press(int key, Qt::KeyboardModifiers modifiers, const QString& text) {
  const VTermModifier held = modifiers_of(modifiers);
  if (const VTermKey special = special_key(key); special != VTERM_KEY_NONE) {
    vterm_keyboard_key(terminal_->vterm, special, held);
    return true;
  }
  const bool control = modifiers.testFlag(Qt::ControlModifier);
  if (control && (key == Qt::Key_Space || (key >= Qt::Key_A && key <= Qt::Key_Underscore))) {
    const bool letter = key >= Qt::Key_A && key <= Qt::Key_Z;
    vterm_keyboard_unichar(terminal_->vterm, static_cast<std::uint32_t>(letter ? key + 32 : key),
                           held);
    return true;
  }
  if (text.isEmpty()) return false;
  const auto alone = static_cast<VTermModifier>(held & VTERM_MOD_ALT);
  for (const uint letter : text.toUcs4()) {
    vterm_keyboard_unichar(terminal_->vterm, letter, alone);
  }
  return true;
}

void ScreenModel::paste(const QString& text) {
  vterm_keyboard_start_paste(terminal_->vterm);
  for (const uint letter : text.toUcs4()) {
    vterm_keyboard_unichar(terminal_->vterm, letter == '\n' ? '\r' : letter, VTERM_MOD_NONE);
  }
  vterm_keyboard_end_paste(terminal_->vterm);
}

}  // namespace lvslab::gui
