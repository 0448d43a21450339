# The files of src/kernels/cpu. Those of an instruction set are compiled with flags of their own; the tables that
# they define are chosen at run time (src/kernels/kernels.cpp). See src/kernels/README.md.
target_sources(cria_kernels PRIVATE
  src/kernels/cpu/features.cpp
  src/kernels/cpu/scalar.cpp
  src/kernels/cpu/workspace.cpp)

# cria_kernel_table(file flags...)
function(cria_kernel_table file)
  target_sources(cria_kernels PRIVATE src/kernels/cpu/${file})
  # Passing vectors by value has a different form without the instruction set; nothing here does so across files.
  set_source_files_properties(src/kernels/cpu/${file} PROPERTIES COMPILE_OPTIONS "${ARGN};-Wno-psabi")
endfunction()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  cria_kernel_table(avx2.cpp -mavx2 -mfma -mf16c)
  cria_kernel_table(avx_vnni.cpp -mavx2 -mfma -mf16c -mavxvnni)
  cria_kernel_table(avx512.cpp -mavx2 -mfma -mf16c -mavx512f -mavx512bw -mavx512dq -mavx512vl)
  cria_kernel_table(avx512_vnni.cpp -mavx2 -mfma -mf16c -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni)
  cria_kernel_table(avx512_bf16.cpp -mavx2 -mfma -mf16c -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512bf16)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  cria_kernel_table(neon.cpp)
  cria_kernel_table(neon_dotprod.cpp -march=armv8.2-a+dotprod)
  cria_kernel_table(neon_i8mm.cpp -march=armv8.2-a+dotprod+i8mm)
endif()
if(CRIA_TESTS)
  # Every table once more: compiling it takes far longer than running it.
  set_source_files_properties(src/kernels/lowered_test.cpp PROPERTIES COMPILE_OPTIONS "-Wno-psabi;-O0")
  # Through SIMDe: code of instruction sets that the processors at hand lack, on those of x86 with AVX2.
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    set_source_files_properties(src/kernels/simde_test.cpp PROPERTIES COMPILE_OPTIONS "-mavx2;-mfma;-mf16c;-Wno-psabi")
  else()
    set_source_files_properties(src/kernels/simde_test.cpp PROPERTIES HEADER_FILE_ONLY ON)
  endif()
  # For the test that no table lets its code out.
  target_compile_definitions(kernels_test PRIVATE CRIA_NM="${CMAKE_NM}"
    CRIA_KERNEL_OBJECTS="$<JOIN:$<TARGET_OBJECTS:cria_kernels>, >")
endif()
