# The libraries of the core when cross-compiling: those of headers alone as this machine has them, GoogleTest from
# its Debian source package.
set(headers ${CMAKE_BINARY_DIR}/headers)  # not /usr/include, which also holds this machine's C library
file(MAKE_DIRECTORY ${headers})
foreach(library fmt spdlog nlohmann)
  if(NOT EXISTS /usr/include/${library})
    message(FATAL_ERROR "/usr/include/${library} is missing: run scripts/setup --tests")
  endif()
  file(CREATE_LINK /usr/include/${library} ${headers}/${library} SYMBOLIC)
endforeach()

foreach(target fmt::fmt-header-only spdlog::spdlog_header_only nlohmann_json::nlohmann_json)
  add_library(${target} INTERFACE IMPORTED)
  target_include_directories(${target} SYSTEM INTERFACE ${headers})
endforeach()
target_compile_definitions(fmt::fmt-header-only INTERFACE FMT_HEADER_ONLY=1)

if(CRIA_TESTS)
  enable_testing()
  set(BUILD_GMOCK OFF)
  add_subdirectory(/usr/src/googletest ${CMAKE_BINARY_DIR}/googletest EXCLUDE_FROM_ALL)
endif()
