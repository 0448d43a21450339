# Parsing the headers that nearly every file needs costs more than the rest of the file. A compiler cache spares
# that better than precompiled headers do, which it cannot see through; a machine without one gets those.
set(CRIA_PRECOMPILE OFF)
if(NOT CRIA_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER AND NOT CRIA_CORE_ONLY)
  set(CRIA_PRECOMPILE ON)
  # g++ 12 imagines overflows inside the standard library when it comes precompiled. Builds with a cache look for them.
  target_compile_options(cria_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow -Wno-stringop-overread
    -Wno-array-bounds -Wno-maybe-uninitialized -Wno-free-nonheap-object -Wno-dangling-pointer -Wno-use-after-free
    -Wno-nonnull>)
endif()

# Several files of a room as one compilation parse their headers and instantiate their templates once: half the time. A
# name in an unnamed namespace is then one of the whole room. Not for the kernels, whose code should be the
# same however it is built, nor with a compiler cache, which goes by files, nor for files that share names with others
# of their room on purpose.
option(CRIA_UNITY "Compile several files of a room at once" ON)
set(CRIA_ALONE src/store/executorch_file.cpp src/store/xnnpack_graph.cpp src/store/gguf.cpp)
file(GLOB CRIA_LANGUAGES RELATIVE ${PROJECT_SOURCE_DIR} src/demo/language_*.cpp)
set_source_files_properties(${CRIA_ALONE} ${CRIA_LANGUAGES} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
set_source_files_properties(${CRIA_LANGUAGES} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)  # lists of words: sooner without

function(cria_unite target)
  if(CRIA_PRECOMPILE AND CRIA_UNITY AND NOT target MATCHES "^((cria_)?kernels(_test)?|(tensor|ops)_test)$")
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  endif()
endfunction()

# Where the time of a run is spent: these rooms are compiled with -O3, the others with -O1, in less time.
set(CRIA_HOT_ROOMS tensor kernels ops text quant engine train)

# cria_precompile(target): one set of headers for the hot rooms, one for the others, one for the tests, each made with its
# first target: g++ does not bear another level of optimization than that of the headers. Not for files with instruction
# sets of their own.
function(cria_precompile target)
  if(NOT CRIA_PRECOMPILE)
    return()
  endif()
  set(headers <algorithm> <array> <cmath> <expected> <filesystem> <map> <memory> <optional> <set> <span> <string>
    <string_view> <vector> <fmt/format.h> <nlohmann/json.hpp>)
  string(REPLACE "cria_" "" room ${target})
  if(target STREQUAL cria_base OR target STREQUAL cria_tensor)
    target_precompile_headers(${target} PRIVATE ${headers})
  elseif(target STREQUAL base_test)
    target_precompile_headers(${target} PRIVATE ${headers} <gtest/gtest.h>)
  elseif(target MATCHES "_test$")
    target_precompile_headers(${target} REUSE_FROM base_test)
  elseif(room IN_LIST CRIA_HOT_ROOMS AND NOT room STREQUAL kernels)
    target_precompile_headers(${target} REUSE_FROM cria_tensor)
  elseif(NOT room STREQUAL kernels)
    target_precompile_headers(${target} REUSE_FROM cria_base)
  endif()
endfunction()

# cria_room(name USES rooms... LINK libraries...): the library of src/name, and the test program name_test
# of its *_test.cpp files.
function(cria_room name)
  cmake_parse_arguments(ROOM "" "" "USES;LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS src/${name}/*.cpp)
  file(GLOB tests CONFIGURE_DEPENDS src/${name}/*_test.cpp)
  if(tests)
    list(REMOVE_ITEM sources ${tests})
  endif()
  list(TRANSFORM ROOM_USES PREPEND cria_)
  add_library(cria_${name} STATIC ${sources})
  set_target_properties(cria_${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_link_libraries(cria_${name} PUBLIC cria_options ${ROOM_USES} ${ROOM_LINK})
  cria_precompile(cria_${name})
  cria_unite(cria_${name})
  if(NOT name IN_LIST CRIA_HOT_ROOMS)
    target_compile_options(cria_${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  endif()
  if(CRIA_TESTS AND tests)
    cria_test(${name}_test SOURCES ${tests} LINK cria_${name})
  endif()
endfunction()

# cria_test(name SOURCES files... LINK targets...): a GoogleTest program, registered with ctest.
function(cria_test name)
  cmake_parse_arguments(TEST "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${TEST_SOURCES})
  target_link_libraries(${name} PRIVATE ${TEST_LINK} GTest::gtest GTest::gtest_main)
  # Tests are compiled more often than they run long; but those of these rooms compute what they compare with.
  if(name MATCHES "^(kernels|ops|tensor)_test$")
    target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  else()
    cria_precompile(${name})
    cria_unite(${name})
    target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O0>)
  endif()
  target_compile_definitions(${name} PRIVATE CRIA_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1 WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
endfunction()

# cria_program(name room USES rooms... LINK libraries...): the executable `name`, of src/room.
function(cria_program name room)
  cmake_parse_arguments(PROGRAM "" "" "USES;LINK" ${ARGN})
  file(GLOB main src/${room}/main.cpp)
  cria_room(${room} ${ARGN})
  get_target_property(sources cria_${room} SOURCES)
  list(REMOVE_ITEM sources ${main})
  set_target_properties(cria_${room} PROPERTIES SOURCES "${sources}")
  if(main)
    add_executable(${name} ${main})
    target_link_libraries(${name} PRIVATE cria_${room})
  endif()
endfunction()
