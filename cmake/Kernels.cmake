# The files of src/kernels/cpu that are compiled for an instruction set of their own; see src/kernels/README.md.
target_sources(cria_kernels PRIVATE src/kernels/cpu/scalar.cpp)
