// The packs of the other languages arrive one by one; until then they speak English.
#include "demo/language.h"
namespace cria {
const LanguagePack& german_pack() { return english_pack(); }
const LanguagePack& french_pack() { return english_pack(); }
const LanguagePack& italian_pack() { return english_pack(); }
const LanguagePack& portuguese_pack() { return english_pack(); }
const LanguagePack& hindi_pack() { return english_pack(); }
const LanguagePack& spanish_pack() { return english_pack(); }
const LanguagePack& thai_pack() { return english_pack(); }
}
