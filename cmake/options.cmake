# Compiler options for everything of ours: warnings are errors, the usual hardening, sanitizers on demand.
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Precompiled headers are cached only when told so; the base directory lets clones and build folders share one cache.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
    CCACHE_NOHASHDIR=1 ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
endif()

add_library(chat_options INTERFACE)
target_compile_options(chat_options INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror
  $<$<CXX_COMPILER_ID:GNU>:-fcoroutines>
  # g++ 12 reports these falsely inside coroutines and std::optional at -O2
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-mismatched-new-delete -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds -Wno-free-nonheap-object>)
target_include_directories(chat_options INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/generated)

set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
# Lines in a backtrace, no more: half the size to write and to link. 2 or 3 for a debugger.
set(CHATD_DEBUG_INFO 1 CACHE STRING "The N of -gN in a Debug build")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g${CHATD_DEBUG_INFO}")

find_program(LLD ld.lld)
if(LLD AND NOT CMAKE_BUILD_TYPE STREQUAL "Release")
  add_link_options(-fuse-ld=lld)   # links a test program in a fraction of ld's time
endif()

if(CHATD_SANITIZE)
  add_compile_options(-fsanitize=${CHATD_SANITIZE} -fno-omit-frame-pointer -O1)
  add_link_options(-fsanitize=${CHATD_SANITIZE})
  if(CHATD_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
  if(CHATD_SANITIZE MATCHES "thread")
    add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
  endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64")
    add_compile_options(-fcf-protection)
  endif()
  add_link_options(-Wl,-z,relro,-z,now -pie)
endif()
