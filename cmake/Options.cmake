# What every target is compiled with.
find_package(Threads REQUIRED)
if(CMAKE_CROSSCOMPILING)
  include(cmake/CrossLibraries.cmake)
else()
  find_package(fmt REQUIRED)
  find_package(nlohmann_json REQUIRED)
  find_package(spdlog REQUIRED)
  if(CRIA_TESTS)
    enable_testing()
    find_package(GTest REQUIRED)
    include(GoogleTest)
  endif()
endif()
if(NOT CRIA_CORE_ONLY)
  find_package(CLI11 REQUIRED)
  find_package(yaml-cpp REQUIRED)
  find_package(ZLIB REQUIRED)
  find_package(CURL REQUIRED)
  find_package(OpenSSL REQUIRED COMPONENTS Crypto)
endif()

# A cross-compiled core has only the headers of fmt and spdlog; the libraries spare each file seconds of compiling.
add_library(cria_log_libraries INTERFACE)
if(CRIA_CORE_ONLY)
  target_compile_definitions(cria_log_libraries INTERFACE SPDLOG_FMT_EXTERNAL_HO)
  target_include_directories(cria_log_libraries SYSTEM INTERFACE
    $<TARGET_PROPERTY:spdlog::spdlog_header_only,INTERFACE_INCLUDE_DIRECTORIES>)
  target_link_libraries(cria_log_libraries INTERFACE fmt::fmt-header-only)
else()
  target_link_libraries(cria_log_libraries INTERFACE fmt::fmt spdlog::spdlog)
endif()

add_library(cria_options INTERFACE)
target_include_directories(cria_options INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_options(cria_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  -fno-math-errno -fno-trapping-math -ffp-contract=fast
  $<$<BOOL:${CRIA_WERROR}>:-Werror>
  # g++ 12 imagines overlaps in "text" + std::string (GCC bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  # Statement expressions carry CRIA_TRY; std::stable_sort of libstdc++ 12 calls what it deprecates itself.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-gnu-statement-expression-from-macro-expansion -Wno-deprecated-declarations>)
if(CRIA_SANITIZE)
  target_compile_options(cria_options INTERFACE
    -fsanitize=${CRIA_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(cria_options INTERFACE -fsanitize=${CRIA_SANITIZE})
endif()

if(CRIA_FUZZ)
  target_compile_options(cria_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

execute_process(COMMAND git -C ${PROJECT_SOURCE_DIR} rev-parse --short=12 HEAD
  OUTPUT_VARIABLE CRIA_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
