# System libraries, each offered only to the modules that may use it (cmake/modules.cmake).
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(fmt REQUIRED)
find_package(PostgreSQL REQUIRED)
find_package(SQLite3 REQUIRED)
pkg_check_modules(ARGON2 REQUIRED IMPORTED_TARGET libargon2)

# Asio and Beast are compiled once (src/base/boost_impl.cpp), not in every file that includes them.
add_library(chat_boost INTERFACE)
target_link_libraries(chat_boost INTERFACE Boost::headers Threads::Threads OpenSSL::SSL OpenSSL::Crypto)
target_compile_definitions(chat_boost INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_DISABLE_BOOST_COROUTINE BOOST_ERROR_CODE_HEADER_ONLY)

set(CHAT_LIBS_base      chat_boost fmt::fmt)
set(CHAT_LIBS_schema    Boost::json)
set(CHAT_LIBS_protocol  Boost::json)
set(CHAT_LIBS_auth      PkgConfig::ARGON2 OpenSSL::Crypto)
set(CHAT_LIBS_transport OpenSSL::SSL OpenSSL::Crypto)
set(CHAT_LIBS_storage   PostgreSQL::PostgreSQL SQLite::SQLite3)
