// main() of every test program: the tests run in the source folder, so that a path of the tree is the same word in all
// of them. Only this file knows where that folder is, and so ccache serves every clone of the repository.
#include <gmock/gmock.h>

#include <filesystem>

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  std::filesystem::current_path(CHATD_ABSOLUTE_SOURCE_DIR);
  return RUN_ALL_TESTS();
}
