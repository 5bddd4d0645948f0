# The version has one home: project() in CMakeLists.txt.
configure_file(${CMAKE_SOURCE_DIR}/src/app/version.hpp.in ${CMAKE_BINARY_DIR}/generated/app/version.hpp @ONLY)
