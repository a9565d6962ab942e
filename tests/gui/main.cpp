// The tests of the window need an application object, and draw into memory unless told otherwise.
#include <gmock/gmock.h>

#include <QApplication>

// What fontconfig and Qt keep until the end of the process is not ours to free.
extern "C" const char* __asan_default_options();                              // NOLINT
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }  // NOLINT

int main(int argc, char** argv) {
  if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication app(argc, argv);
  QApplication::setOrganizationName(QStringLiteral("lvslab-test"));
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
