// Names of packet fields in the window's language. Names of protocols are the same in every one.
#pragma once

#include <QString>
#include <string_view>

namespace lvslab::gui {

/// The name that dissect() gives to a field ("time to live"), or to a layer ("TCP"), in words.
QString field_word(std::string_view name);

}  // namespace lvslab::gui
