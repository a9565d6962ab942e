#include "gui/models/field_words.h"

#include <QCoreApplication>
#include <algorithm>
#include <array>

#include "gui/models/words.h"

namespace lvslab::gui {
namespace {

constexpr auto kNames = std::to_array<const char*>({
    QT_TRANSLATE_NOOP("Fields", "acknowledgment number"),
    QT_TRANSLATE_NOOP("Fields", "address"),
    QT_TRANSLATE_NOOP("Fields", "address count"),
    QT_TRANSLATE_NOOP("Fields", "advert interval"),
    QT_TRANSLATE_NOOP("Fields", "answer"),
    QT_TRANSLATE_NOOP("Fields", "authentication"),
    QT_TRANSLATE_NOOP("Fields", "change"),
    QT_TRANSLATE_NOOP("Fields", "checksum"),
    QT_TRANSLATE_NOOP("Fields", "client"),
    QT_TRANSLATE_NOOP("Fields", "client port"),
    QT_TRANSLATE_NOOP("Fields", "code"),
    QT_TRANSLATE_NOOP("Fields", "connection"),
    QT_TRANSLATE_NOOP("Fields", "count"),
    QT_TRANSLATE_NOOP("Fields", "destination"),
    QT_TRANSLATE_NOOP("Fields", "destination options"),
    QT_TRANSLATE_NOOP("Fields", "destination port"),
    QT_TRANSLATE_NOOP("Fields", "don't fragment"),
    QT_TRANSLATE_NOOP("Fields", "firewall mark"),
    QT_TRANSLATE_NOOP("Fields", "first line"),
    QT_TRANSLATE_NOOP("Fields", "flags"),
    QT_TRANSLATE_NOOP("Fields", "flow label"),
    QT_TRANSLATE_NOOP("Fields", "fragment"),
    QT_TRANSLATE_NOOP("Fields", "fragment header"),
    QT_TRANSLATE_NOOP("Fields", "fragment offset"),
    QT_TRANSLATE_NOOP("Fields", "gateway"),
    QT_TRANSLATE_NOOP("Fields", "group"),
    QT_TRANSLATE_NOOP("Fields", "hardware length"),
    QT_TRANSLATE_NOOP("Fields", "hardware type"),
    QT_TRANSLATE_NOOP("Fields", "header checksum"),
    QT_TRANSLATE_NOOP("Fields", "header length"),
    QT_TRANSLATE_NOOP("Fields", "hop limit"),
    QT_TRANSLATE_NOOP("Fields", "hop-by-hop options"),
    QT_TRANSLATE_NOOP("Fields", "identification"),
    QT_TRANSLATE_NOOP("Fields", "identifier"),
    QT_TRANSLATE_NOOP("Fields", "length"),
    QT_TRANSLATE_NOOP("Fields", "malformed"),
    QT_TRANSLATE_NOOP("Fields", "maximum segment size"),
    QT_TRANSLATE_NOOP("Fields", "more fragments"),
    QT_TRANSLATE_NOOP("Fields", "name"),
    QT_TRANSLATE_NOOP("Fields", "next header"),
    QT_TRANSLATE_NOOP("Fields", "next-hop MTU"),
    QT_TRANSLATE_NOOP("Fields", "operation"),
    QT_TRANSLATE_NOOP("Fields", "option"),
    QT_TRANSLATE_NOOP("Fields", "options"),
    QT_TRANSLATE_NOOP("Fields", "override"),
    QT_TRANSLATE_NOOP("Fields", "padding"),
    QT_TRANSLATE_NOOP("Fields", "password"),
    QT_TRANSLATE_NOOP("Fields", "payload"),
    QT_TRANSLATE_NOOP("Fields", "payload length"),
    QT_TRANSLATE_NOOP("Fields", "priority"),
    QT_TRANSLATE_NOOP("Fields", "protocol"),
    QT_TRANSLATE_NOOP("Fields", "protocol length"),
    QT_TRANSLATE_NOOP("Fields", "protocol type"),
    QT_TRANSLATE_NOOP("Fields", "query id"),
    QT_TRANSLATE_NOOP("Fields", "record count"),
    QT_TRANSLATE_NOOP("Fields", "response code"),
    QT_TRANSLATE_NOOP("Fields", "rest of header"),
    QT_TRANSLATE_NOOP("Fields", "router"),
    QT_TRANSLATE_NOOP("Fields", "routing header"),
    QT_TRANSLATE_NOOP("Fields", "SACK"),
    QT_TRANSLATE_NOOP("Fields", "SACK permitted"),
    QT_TRANSLATE_NOOP("Fields", "sender IP"),
    QT_TRANSLATE_NOOP("Fields", "sender MAC"),
    QT_TRANSLATE_NOOP("Fields", "sequence"),
    QT_TRANSLATE_NOOP("Fields", "sequence number"),
    QT_TRANSLATE_NOOP("Fields", "server"),
    QT_TRANSLATE_NOOP("Fields", "server port"),
    QT_TRANSLATE_NOOP("Fields", "size"),
    QT_TRANSLATE_NOOP("Fields", "solicited"),
    QT_TRANSLATE_NOOP("Fields", "source"),
    QT_TRANSLATE_NOOP("Fields", "source MAC"),
    QT_TRANSLATE_NOOP("Fields", "source port"),
    QT_TRANSLATE_NOOP("Fields", "state"),
    QT_TRANSLATE_NOOP("Fields", "syncid"),
    QT_TRANSLATE_NOOP("Fields", "target IP"),
    QT_TRANSLATE_NOOP("Fields", "target MAC"),
    QT_TRANSLATE_NOOP("Fields", "time to live"),
    QT_TRANSLATE_NOOP("Fields", "timeout"),
    QT_TRANSLATE_NOOP("Fields", "timestamps"),
    QT_TRANSLATE_NOOP("Fields", "total length"),
    QT_TRANSLATE_NOOP("Fields", "traffic class"),
    QT_TRANSLATE_NOOP("Fields", "type"),
    QT_TRANSLATE_NOOP("Fields", "type of service"),
    QT_TRANSLATE_NOOP("Fields", "urgent pointer"),
    QT_TRANSLATE_NOOP("Fields", "version"),
    QT_TRANSLATE_NOOP("Fields", "virtual address"),
    QT_TRANSLATE_NOOP("Fields", "virtual port"),
    QT_TRANSLATE_NOOP("Fields", "virtual router"),
    QT_TRANSLATE_NOOP("Fields", "window"),
    QT_TRANSLATE_NOOP("Fields", "window scale"),
});

}  // namespace

QString field_word(std::string_view name) {
  const auto known =
      std::ranges::find(kNames, name, [](const char* n) { return std::string_view(n); });
  return known == kNames.end() ? to_qt(name) : QCoreApplication::translate("Fields", *known);
}

}  // namespace lvslab::gui
