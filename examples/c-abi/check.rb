# Is a password exposed? It is the first line of standard input. `ruby check.rb libbreachdex.so pwned.bdx`
require "fiddle"
require "fiddle/import"

library, index = ARGV

module Breachdex
  extend Fiddle::Importer
end

Breachdex.dlload(library)
Breachdex.module_eval do
  extern "void *breachdex_options_new()"
  extern "int breachdex_options_add_index(void *, char *, void *)"
  extern "int breachdex_open(void *, void *, void *)"
  extern "int breachdex_count(void *, char *, size_t, void *, void *)"
  extern "char *breachdex_error_message(void *)"
  extern "void breachdex_options_free(void *)"
  extern "void breachdex_corpus_free(void *)"
end

# A pointer that the library stores.
def slot = Fiddle::Pointer.malloc(Fiddle::SIZEOF_VOIDP, Fiddle::RUBY_FREE).tap { |room| room[0, Fiddle::SIZEOF_VOIDP] = "\0" * Fiddle::SIZEOF_VOIDP }

def must(status, error)
  return if status.zero?

  warn Breachdex.breachdex_error_message(error.ptr).to_s
  exit 2
end

error = slot
corpus = slot
options = Breachdex.breachdex_options_new
must(Breachdex.breachdex_options_add_index(options, index, error), error)
must(Breachdex.breachdex_open(options, corpus, error), error)
password = $stdin.gets.to_s.chomp
count = Fiddle::Pointer.malloc(8, Fiddle::RUBY_FREE)
must(Breachdex.breachdex_count(corpus.ptr, password, password.bytesize, count, error), error)
seen = count[0, 8].unpack1("Q")
Breachdex.breachdex_corpus_free(corpus.ptr)
Breachdex.breachdex_options_free(options)
puts seen.positive? ? "exposed" : "not exposed"
exit(seen.positive? ? 1 : 0)
