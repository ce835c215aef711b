"""Chat templates that reach out of their sandbox, and the many ways to hide the name that does."""

from __future__ import annotations

import json

import pytest

from tests.artifacts.generators import gguf
from tests.artifacts.scanning import failing, findings

REACHES_OUT = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ self.__init__.__globals__ }}",
    "{{ lipsum|attr('__globals__') }}",
    "{{ lipsum|attr('\\x5f\\x5fglobals\\x5f\\x5f') }}",
    "{{ lipsum|attr('\\u005f\\u005fglobals__') }}",
    "{{ ()['__cla'~'ss__'] }}",
    "{{ ()['_'*2~'class'~'_'*2] }}",
    "{{ ()[('__CLASS__')|lower] }}",
    "{{ ()['__ssalc__'[::-1]] }}",
    "{{ ()['__ssalc__'|reverse] }}",
    "{{ ()[['__cl','ass__']|join] }}",
    "{{ ()[('__cl','ass__')|join('')] }}",
    "{{ ()['%s%s'|format('__cla','ss__')] }}",
    "{{ ()['%s%s'%('__cla','ss__')] }}",
    "{{ ()['{}{}'.format('__cla','ss__')] }}",
    "{{ ()['__claxx__'.replace('xx','ss')] }}",
    "{{ ()['__claxx__'|replace('xx','ss')] }}",
    "{% set a='__cl' %}{% set b='ass__' %}{{ ()[a+b] }}",
    "{% set a='__cl' %}{% set b='ass__' %}{{ ()|attr(a~b) }}",
    "{% set c=['__','class','__']|join %}{{ ()[c] }}",
    "{% set c=['__','class','__'] %}{{ ()[c|join] }}",
    "{% with a='__class__' %}{{ ()[a] }}{% endwith %}",
    "{{ ()|map(attribute='__class__')|list }}",
    "{{ [()]|map('attr','__class__')|list }}",
    "{{ dict(__class__=1)|list|first }}",
    "{{ ()[dict(__cla=1,ss__=2)|join] }}",
    "{{ [()]|map(attribute='__cla'+'ss__')|list }}",
    "{{ ()['\\137\\137class\\137\\137'] }}",
    "{{ ()['\\x5f\\x5fcl\\x61ss\\x5f\\x5f'] }}",
    "{% for c in [].__class__.__base__.__subclasses__() %}{% endfor %}",
    "{% if x.__init__.__globals__ %}{% endif %}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ joiner.__init__.__globals__['os'].system('id') }}",
    "{{ range.__class__ }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ request.application.__globals__ }}",
    "{{ config.items.__globals__ }}",
    "{{ x.func_globals }}",
    "{{ x.gi_frame.f_globals }}",
    "{%- set x = cycler.next.__func__ -%}",
    "{{ 'a'.format_map.__self__ }}",
    "{{ '{0.__class__}'.format(x) }}",
    "{{ ()|attr(request.args.x) }}",
    "{% filter attr('__class__') %}{% endfilter %}",
    "{% include '/etc/passwd' %}",
    "{% extends '../../x' %}",
    "{{ raise_exception.__globals__ }}",
    "{{ ().__class__ if true }}",
    "{% macro f(x) %}{{ x.__class__ }}{% endmacro %}",
    "{% call f() %}{{ x.__class__ }}{% endcall %}",
    "{% set ns = namespace(a='__cla', b='ss__') %}{{ ()[ns.a ~ ns.b] }}",
    "{{ ()['__class__'|string] }}",
    "{{ ()['__cla' 'ss__'] }}",
    "{{ ()|attr(['__','class','__']|join('')) }}",
    "{{ ().__getattribute__('__class__') }}",
    "{{ x['__builtins__']['__import__']('os') }}",
    "{% set os = x.import_module('os') %}",
    "{{ x.popen('id') }}",
    "{{ (1).__class__ }}",
    "{{ ()[ '__' + 'class' + '__' ] }}",
    "{% set a = '__class__' %}{{ ()[a] }}",
    "{{- ().__class__ -}}",
    "{{ ()['__'~'ssalc'[::-1]~'__'] }}",
    "{{ ()|attr('\\N{LOW LINE}\\N{LOW LINE}class__') }}",
    "{{ ()['__class__'.lower()] }}",
    "{{ ()['__CLASS__'.lower()] }}",
    "{{ ()['  __class__ '.strip()] }}",
    "{{ ()['a__class__'[1:]] }}",
    "{{ ()['__class__a'[:-1]] }}",
    "{{ ()[''.join(['__class','__'])] }}",
    "{{ ()['__class__'.split(',')[0]] }}",
    "{{ ()[('_','_','c','l','a','s','s','_','_')|join] }}",
    "{% set u = '_' %}{{ ()[u*2+'class'+u*2] }}",
    "{% set u = '_' * 2 %}{{ ()[u+'class'+u] }}",
    "{% set u = ()|string|list %}{{ ()|attr(u) }}",
    "{{ ()|attr('__cla'~'ss__') }}",
    "{{ x|attr('_'+'_class_'+'_') }}",
    "# for x in y\n{{ x.__class__ }}",
    "{{ messages[0]['__class__'] }}",
    "{{ ().__class__ }}",
]

ORDINARY = [
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    "{%- if tools %}{{- '<tools>' }}{%- for t in tools %}{{- t | tojson }}{%- endfor %}{%- endif %}",
    "{{ raise_exception('x') }}{{ strftime_now('%d %b %Y') }}",
    "{%- set ns = namespace(found=false, last_index=messages|length - 1) -%}{% set ns.found = true %}",
    "{{ message.content.split('</think>')[-1].lstrip('\n') }}",
    "{{ bos_token }}__{{ x }}__",
    "{% macro render(x) %}{{ x|join('_') }}{% endmacro %}",
    "{{ '_' * 20 }}",
    "{% set sep = '__' %}{{ sep ~ x ~ sep }}",
    "{{ x['name'] | replace('__', '_') }}",
    "{{ '__' + name + '__' }}",
    "{% set content = message['content'] if message['content'] is string else '' %}{{ content[::-1] }}",
    "{{ msg|attr('content') }}",
]


@pytest.mark.parametrize("template", REACHES_OUT)
def test_found(template: str) -> None:
    data = json.dumps({"chat_template": template}).encode()
    assert failing("tokenizer_config.json", data), findings("tokenizer_config.json", data)


@pytest.mark.parametrize("template", ORDINARY)
def test_ordinary_templates_are_silent(template: str) -> None:
    assert not findings("tokenizer_config.json", json.dumps({"chat_template": template}).encode())


TEMPLATE = REACHES_OUT[0]
PLACES = {
    "a list": ("tokenizer_config.json", json.dumps({"chat_template": [{"name": "d", "template": TEMPLATE}]}).encode()),
    "a table": ("x/processor_config.json", json.dumps({"chat_template": {"d": TEMPLATE}}).encode()),
    "a file of its own": ("chat_template.json", json.dumps({"chat_template": TEMPLATE}).encode()),
    "another key": ("tokenizer_config.json", json.dumps({"tool_chat_template": TEMPLATE}).encode()),
    "another configuration": ("generation_config.json", json.dumps({"chat_template": TEMPLATE}).encode()),
    "a Jinja file": ("chat_template.jinja", TEMPLATE.encode()),
    "one of several": ("additional_chat_templates/rag.jinja", TEMPLATE.encode()),
    "GGUF": ("m.bin", gguf({"tokenizer.chat_template": TEMPLATE})),
    "GGUF, a named one": ("m.gguf", gguf({"tokenizer.chat_template.tool_use": TEMPLATE}, version=2)),
    "GGUF, another key": ("m.gguf", gguf({"my.template": TEMPLATE})),
}


@pytest.mark.parametrize("kind", PLACES)
def test_places(kind: str) -> None:
    path, data = PLACES[kind]
    assert failing(path, data), findings(path, data)
