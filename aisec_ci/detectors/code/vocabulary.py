"""Names by which calls, methods, and attributes are told apart where nothing better is known of them."""

from __future__ import annotations

import re

USER_MESSAGES = frozenset(
    "HumanMessage AIMessage ToolMessage FunctionMessage UserMessage AssistantMessage HumanMessagePromptTemplate UserPromptPart ModelRequest "
    "TextMessage ToolReturnPart FunctionExecutionResult".split()
)
"""Classes of messages without a trusted role."""

TOOLKITS = frozenset(
    "textual tkinter customtkinter PyQt5 PyQt6 PySide2 PySide6 kivy wx urwid flet dearpygui toga".split()
)
"""Packages of interfaces in windows and terminals: what their modules call a message of the system is a notice to the user."""

HAPPENS = re.compile(r"(?:Event|Action)$")
"""Classes of what is told of a run, or done in it: a message among these is kept, no model gets it."""

SESSIONS = frozenset(
    "streamlit.session_state chainlit.user_session flask.session flask.g quart.session quart.g django.core.cache.cache nicegui.app.storage.user "
    "nicegui.app.storage.client nicegui.app.storage.browser nicegui.app.storage.tab nicegui.app.storage.general".split()
)
"""What a framework keeps for a session: between the runs of Streamlit's scripts, from one request, or one step of it, to the next."""

RUN_STATES = frozenset(
    """google.adk.tools.ToolContext().state google.adk.tools.tool_context.ToolContext().state
    google.adk.agents.callback_context.CallbackContext().state google.adk.agents.readonly_context.ReadonlyContext().state
    google.adk.agents.invocation_context.InvocationContext().session.state google.adk.agents.InvocationContext().session.state
    llama_index.core.workflow.Context() llama_index.core.workflow.Context().store llama_index.core.workflow.Context().state
    workflows.Context() workflows.Context().store workflows.context.Context() workflows.context.Context().store
    llama_index.core.workflow.Context().store.edit_state() workflows.Context().store.edit_state()
    llama_index.core.workflow.context.Context() llama_index.core.workflow.context.Context().store
    aiogram.fsm.context.FSMContext() aiogram.dispatcher.FSMContext()
    telegram.ext.ContextTypes.DEFAULT_TYPE().user_data telegram.ext.ContextTypes.DEFAULT_TYPE().chat_data telegram.ext.ContextTypes.DEFAULT_TYPE().bot_data
    telegram.ext.CallbackContext().user_data telegram.ext.CallbackContext().chat_data telegram.ext.CallbackContext().bot_data
    strands.Agent().state strands.ToolContext().agent.state strands.types.tools.ToolContext().agent.state""".split()
)
"""What a framework keeps between the steps and tools of a run, by name: it is followed as a session is."""

KEEPS = SESSIONS | RUN_STATES
"""What a framework keeps for a session or a run."""

CONTEXTS = {
    "deps": ("pydantic_ai.Agent().", "pydantic_ai.agent.Agent()."),
    "context": (
        "agents.Runner.",
        "agents.run.Runner.",
        "langchain.agents.create_agent().",
        "langgraph.prebuilt.create_react_agent().",
        "langgraph.graph.StateGraph().compile().",
        "langgraph.graph.state.StateGraph().compile().",
        "deepagents.create_deep_agent().",
    ),
}
"""Arguments that a framework hands on to the functions of an agent, as the attribute of that name, by what runs agents."""

CONTEXT_PARAMS = frozenset(
    "RunContext RunContextWrapper ToolContext AgentHookContext ModelRequest Runtime ToolRuntime".split()
)
"""Types of the parameters that have that attribute, themselves or in their attribute `runtime`."""

SESSION_WORDS = ("session_state", "user_session", "session", "storage", "user_data", "chat_data", "bot_data")
"""Attributes by which programs get at these."""

SESSION_OWNERS = {"session": "request", "user_data": "context", "chat_data": "context", "bot_data": "context"}
"""Those that are told by the name of what they belong to: `request.session` of Django and Starlette, `context.user_data` of Telegram's bots."""

APPLICATIONS = frozenset(
    """fastapi.FastAPI() fastapi.FastAPI().state fastapi.Request().app fastapi.Request().app.state fastapi.WebSocket().app.state
    starlette.applications.Starlette() starlette.applications.Starlette().state starlette.requests.Request().app.state
    starlette.websockets.WebSocket().app.state fastapi.requests.Request().app.state fastapi.Request().state
    starlette.requests.Request().state flask.Flask() flask.current_app flask.g quart.g quart.Quart()
    quart.current_app sanic.Sanic().ctx sanic.Request().app.ctx discord.Client() discord.Bot() discord.ext.commands.Bot()
    discord.ext.commands.AutoShardedBot() nextcord.ext.commands.Bot() disnake.ext.commands.Bot() disnake.ext.commands.InteractionBot()
    discord.Interaction().client discord.ext.commands.Context().bot telebot.TeleBot() aiogram.Bot() slack_bolt.App()
    slack_bolt.async_app.AsyncApp() npm.fastify() npm.fastify.fastify() npm.fastify.Fastify() npm.fastify.FastifyInstance()
    npm.fastify.FastifyRequest().server npm.express().locals npm.express.express().locals npm.express.Request().app.locals
    npm.express.Response().locals npm.discord_js.Client() npm.discord_js.Message().client
    npm.discord_js.ChatInputCommandInteraction().client npm.hono.Context().var""".split()
)
"""What programs hang their own objects on, to have them in every handler: `app.state.db = Database()`, `bot.llm = Model()`."""

HANGS = {
    "decorate": "fastify",
    "decorate_request": "fastify",
    "set": "hono",
}
"""Methods in JavaScript that do so by name, with the package: `fastify.decorate("llm", model)`, `c.set("llm", model)` of Hono."""

HUNG_ON = frozenset({"npm.hono.Context().get"})
"""What gives it again."""

MUTATORS = {
    "append": "element",
    "appendleft": "element",
    "add": "element",
    "insert": "element",
    "push": "element",
    "put": "element",
    "put_nowait": "element",
    "extend": "elements",
    "update": "update",
    "update_data": "update",
    "set_data": "update",
    "setdefault": "keyed",
    "__setitem__": "keyed",
    "write": "content",
    "write_text": "content",
    "write_bytes": "content",
    "writelines": "content",
    "add_message": "element",
    "stream_token": "streamed",
}
"""Methods that keep an argument in their object, and how."""

SERIALISERS = {
    "model_dump": "dumped",
    "dict": "dumped",
    "asdict": "dumped",
    "vars": "dumped",
    "model_dump_json": "told",
    "json": "told",
    "to_json": "told",
    "to_xml": "told",
    "to_yaml": "told",
}
"""Calls by which libraries give all fields of a record at once: as a dictionary, or as one text."""

HEAPS = frozenset({"heapq.heappush", "heapq.heappushpop", "bisect.insort", "bisect.insort_left", "bisect.insort_right"})
"""Functions that keep their second argument in the list that is the first."""

COPIERS = frozenset(
    "shutil.copyfileobj shutil.copy shutil.copy2 shutil.copyfile shutil.move os.rename os.replace aiofiles.os.rename "
    "aiofiles.os.replace aioshutil.copyfileobj aioshutil.copyfile aioshutil.move".split()
)
"""Functions that put the content of one file into another, or give the file another name."""

DUMPERS = frozenset({"json.dump", "yaml.dump", "yaml.safe_dump", "pickle.dump", "ujson.dump", "toml.dump"})
"""Functions that write their first argument into the file that is the second."""

EXTREMES = frozenset({"max", "min"})
"""Functions that return one of their arguments, or of the elements of the only one; of numbers, most of the time."""

PROGRESS = frozenset(
    "tqdm.tqdm tqdm.auto.tqdm tqdm.asyncio.tqdm tqdm.notebook.tqdm tqdm.rich.tqdm rich.progress.track alive_progress.alive_it "
    "streamlit.stqdm stqdm.stqdm".split()
)
"""Functions that return what they are given and show how far it has come."""

PATTERNS = ("re.compile().", "regex.compile().", "re2.compile().")
"""How the names of methods of regular expressions begin."""

HOLDERS = frozenset(
    "builtins.set() builtins.list() builtins.dict() builtins.bytearray() io.StringIO() io.BytesIO() collections.ChainMap() queue.Queue() queue.LifoQueue() queue.PriorityQueue() queue.SimpleQueue() asyncio.Queue() multiprocessing.Queue() "
    "collections.deque() collections.defaultdict() collections.OrderedDict() contextvars.ContextVar() threading.local() "
    "types.SimpleNamespace() weakref.WeakValueDictionary() cachetools.TTLCache() cachetools.LRUCache() flask.g "
    "json.load() json.loads() ujson.load() orjson.loads() simplejson.load() pickle.load() pickle.loads() yaml.safe_load() toml.load() shelve.open()".split()
)
"""Objects of libraries that keep what is put into them for the whole program, as lists and dictionaries do.

What a program reads from a file of its own when it starts is one, too: `users = json.load(file)`.
"""

CACHE = re.compile(r"(?i)(?:^|_)(?:l?ru_?)?cached?(?:$|_)|cache$|(?:^|_)(?:files|blobs)$")
"""Names of fields that keep values of all kinds, each under its key."""

NAMED_TUPLES = frozenset({"collections.namedtuple()", "typing.NamedTuple()"})
"""Classes that a call makes from a list of field names."""

FINDERS = frozenset(
    "get find query search fetch load lookup exists filter filter_by get_or_create first count index remove delete pop has "
    "where order_by startswith endswith isinstance compare equals contains send_text send_json emit log info debug warning error "
    "exception critical print commit set step extract_info __getitem__ __contains__ __delitem__".split()
)
"""Methods that look something up by their argument: what they return is not the argument."""

FINDER_STARTS = (
    "get_",
    "describe_",
    "getFile",
    "find_",
    "fetch_",
    "load_",
    "lookup_",
    "query_",
    "search_",
    "is_",
    "has_",
    "exists_",
    "count_",
    "check_",
    "log_",
    "send_",
    "delete_",
    "remove_",
    "list_",
)

LOOKUP = re.compile(r"(?:web_|image_|news_|a)?(?:search|find|query|lookup|fetch|download)(?:_|$)|\w+_download$")
"""Functions of libraries that look something up: what they return is not what they were asked for."""

BINDS = frozenset({"values", "bindparams"})
"""Methods of statements whose arguments are bound to the query (docs.sqlalchemy.org, `Insert.values`, `TextClause.bindparams`)."""

READS_KEYS = frozenset(
    "hget hgetall hmget hscan hvals mget lrange lpop rpop blpop brpop lindex smembers spop zrange zrangebyscore xread getex getdel".split()
)
"""Methods of Redis's clients that give what stands under a key (redis.io/docs/latest/commands)."""

QUERIES = frozenset({"query", "q", "search_query", "search_term", "search_terms", "keywords"})
"""Parameters that say what is looked for."""

SAYS_SCHEMA = re.compile(
    r"_?(?:get_|to_|as_|build_|make_|tool_|function_|openai_|anthropic_|mcp_|json_)*"
    r"(?:specs?|schemas?|definitions?|declarations?|tool_?info|descriptors?)(?:_dict|_json)?"
)
"""Methods by which a class tells what it is called with; only where the schema stands in them."""

RUNS = tuple(
    "run _run arun _arun execute _execute aexecute _aexecute invoke _invoke ainvoke forward call _call acall __call__ use handle "
    "handler perform function func run_tool execute_tool call_tool invoke_tool use_tool execute_function call_function on_call "
    "run_impl _run_impl execute_impl _execute_impl run_async execute_async".split()
)
"""Methods that do what a tool is for."""

CALLED_BACK = (*RUNS, "callback")
"""The same of a class that describes itself as a tool."""

EMBEDS = re.compile(
    r"_*(?:a|get_|create_|compute_|make_|generate_|text_)*embed(?:dings?)?(?:_(?:query|documents?|texts?|batch|chunks?|async))*"
)
"""Functions that make vectors of texts: these are numbers."""

VALIDATES = re.compile(r"_*(?:validate|sanitize|sanitise|verify)d?(?:_|$)", re.IGNORECASE)
"""Functions of the program that say they check what they give back."""

ANSWER_TYPES = frozenset(
    "response_format response_model text_format output_type result_type output_cls output_schema response_schema output_pydantic".split()
)
"""Keywords that hold the class which a model's answer is read into."""

PROMPT_KEYWORDS = frozenset({"system_prompt", "system_instruction", "system_instructions", "system_message"})
"""Keywords by which agents and models of any library are told what to do."""

AGENTS = re.compile(r"Agent|Assistant|Bot|Chat|LLM|Model|Realtime|Session")
"""Names of what is told so by `instructions`, which recipes and orders have, too."""

CONVERSATIONS = re.compile(r"(?i)(?:^|_)(?:messages?|history|conversation|dialog(?:ue)?)$")
"""Names of lists of messages, which the message of the system begins."""

FILE_NAMERS = re.compile(r"(?i)(?:^|_)(?:path|file|filename|filepath)(?:$|_)")
"""Functions of the program that say which file something is kept in: `memory_path(user)`."""

SETTINGS = frozenset(
    "model model_name model_id llm_model engine deployment deployment_name provider temperature max_tokens timeout api_key "
    "thread_id session_id conversation_id user_id request_id run_id".split()
)
"""Keywords by which something is made or run one way or the other: what comes of it holds no text of theirs."""

IDENTIFIES = re.compile(r"[a-z_]+_(?:ids?|uuid)|(?:partition|row|cache|sort|hash|primary|lookup)_key")
"""Keywords that say which of several things is meant: who is asked for a thing by its number or key gives back another text."""

COUNTS = re.compile(
    r"_*(?:a?(?:count|estimate|calculate|calc|compute|get|check)_)?(?:num_|number_of_|n_|total_)*tokens?(?:_count|_length|_len|_num|_usage|_cost)?"
    r"(?:_(?:of|for|from|in|consumed_by)_\w{1,40})?|num_tokens\w{0,40}"
)
"""Functions that count the tokens of messages: no model reads them there."""

REFUSES = re.compile(
    r"_*(?:[a-z]\w*_and_)?(?:validate|verify|check|ensure|assert|require|guard|reject|refuse|enforce|deny|forbid|restrict|sanitize)(?:_|$)"
)
"""Functions that are called for nothing but that they raise for what they refuse: `validate_url(url)`."""

AUTHENTICATES = re.compile(
    r"(?i)signature|hmac|(?:verif(?:y|ies|ied)|authenticate[sd]?|is_?authentic)_?(?:\w{1,30}_)?(?:request|webhook|sender|caller|origin|event)"
)
"""Checks of who sent something: what a sender writes who is known says whatever he likes."""

NAMES_FILES = re.compile(
    r"_*(?:get_|to_|make_)?(?:(?:sanitiz|sanitis|secur|clean|safe|slug|valid)\w*_?file_?names?|slugify|file_?name_safe)(?:_|$)",
    re.IGNORECASE,
)
"""Functions of libraries that say they make a text fit to be the name of a file: nothing of it leads to another folder."""

FETCHES_SAFELY = re.compile(
    r"(?i)ssrf|(?:^|_)(?:safe|secure|guarded|restricted)_(?:get|post|fetch|request|http|download|open)|(?:get|fetch|request|download)_safe(?:ly)?(?:_|$)"
)
"""Functions that say that they look where an address leads to before they fetch it."""

VETS = re.compile(r"(?:^|_)(?:ssrf|pin|pins|pinned|safe|vetted|public|external)(?:_|$)", re.IGNORECASE)
"""Functions that say that they make an address fit to be fetched, or look up where it leads to: `pinned_target(url)`."""

TRANSPORTS = frozenset({"transport", "connector"})
"""Keywords by which clients of HTTP are told what to send requests with: httpx, aiohttp."""

PRIVATE_ADDRESSES = frozenset({"is_private", "is_loopback", "is_link_local", "is_reserved", "is_global"})
"""Attributes of `ipaddress` by which programs tell addresses inside of their network from those outside."""

NETWORKS = frozenset({"ip_network", "IPv4Network", "IPv6Network"})
"""Calls of `ipaddress` by which programs list networks of their own."""

LOOKS_UP = {
    "lookup": ("dns",),
    **dict.fromkeys(("resolve4", "resolve6", "resolve"), ("dns",)),
    **dict.fromkeys(("add_subnet", "add_address"), ("net",)),
    **dict.fromkeys(("range", "parse_cidr"), ("ipaddr",)),
    **dict.fromkeys(("is_private", "is_loopback"), ("ip", "private_ip")),
}
"""Functions of JavaScript by which programs do the same, with the libraries that have them."""

STATEMENTS = frozenset({"Select", "Query", "Union", "SetOperation", "SelectStmt"})
"""Classes of sqlglot and pglast by which programs tell SQL that only reads from other."""

CLEAN_WORDS = frozenset(
    "len int float bool isinstance hasattr id hash abs round ord type range print max min sum any all issubclass callable "
    "uuid4 sleep time now sha256 md5 sha1 hexdigest".split()
)

CLEAN_STARTS = (
    "is_",
    "has_",
    "count_",
    "num_",
    "validate_email",
    "embed",
    "get_embedding",
    "get_text_embedding",
    "create_embedding",
    "export_to_",
)

PIXELS = re.compile(
    r"_*(?:load|open|read|decode|resize|crop|transform|preprocess|process|sample|extract)_(?:images?|img|imgs|videos?|audios?|frames?|waveforms?|pixel_values)"
    r"|frames?_?(?:2|to_)im(?:g|age)s?|imdecode|imread"
)
"""Functions of libraries that make pictures, films and sounds of files: numbers, no text."""

LOG_WORDS = frozenset(
    "debug info warning error exception critical log print pprint trace generation span event set_attribute log_text log_param "
    "log_params log_table log_input update_current_trace update_current_span update_current_generation start_generation "
    "start_as_current_generation start_span start_as_current_span".split()
)
LOG_NAMES = frozenset("logger log logging span trace langfuse tracer generation".split())
LOG_PACKAGES = (
    "logging.",
    "loguru.",
    "structlog.",
    "pprint.",
    "rich.",
    "langfuse.",
    "langsmith.",
    "mlflow.",
    "wandb.",
    "weave.",
    "opentelemetry.",
)
"""What writes to a log, or to a service that records what models are asked: words of calls, names of objects, packages."""

READ_INTO = frozenset(
    "model_validate model_validate_json model_validate_strings model_construct parse_obj parse_raw from_orm construct".split()
)
"""Methods of pydantic's classes that make an object of what they are given."""

TEXT_RENDERER = "render_template_string"
"""Flask's call that fills a template which stands in the program itself."""

RENDERS = frozenset({"render_template", "TemplateResponse", "render", "render_to_string"})
"""Calls that fill a template of a page."""

TEMPLATE_NAMERS: dict[str, tuple[int | None, str]] = {
    "get_template": (0, "name"),
    "Prompter": (None, "prompt_template"),
}
"""Calls that ask for a template by its name, with the argument that holds it, by position and name."""

READ_ONLY = re.compile(r"(?i)\bquery_only\s*=\s*(?:on|1|true)\b|default_transaction_read_only\s*=\s*on")
"""Statements after which a connection cannot write. A transaction that is read only ends with the first `COMMIT` in the query."""

BEGINS_SESSION = frozenset({"transaction", "set_session"})
"""Methods of connections that take `readonly=True`."""

SAYS_READ_ONLY = re.compile(r"(?i)read_?only")
"""What a function is called that makes the address of a connection one that cannot write."""

NO_ADDRESS = frozenset({"pathlib.Path", "os.path.abspath", "os.path.realpath", "os.path.normpath"})
"""Calls that make a path of a text: of two slashes in a row they leave one, so it is no address any more."""

MAKES_MEDIA = re.compile(
    r"a?(?:(?:generate|create|edit|make)_(?:image|picture|video|speech|audio|music)s?"
    r"|(?:image|picture|video|speech|audio|music)_(?:generation|edit|variation)|text_to_(?:image|video|speech|audio))"
)
"""Functions of libraries that make pictures, films and sounds of a description: what they return is not the description."""

ASKING = frozenset(
    "chat achat complete acomplete completion acompletion chat_completion generate_content invoke_model "
    "generate_image generate_images generate_video generate_videos edit_image edit_images".split()
)
"""Methods of something unknown that ask a model."""

CLEAN_METHODS = frozenset(
    "startswith endswith isdigit isalpha isalnum isnumeric isidentifier isspace count index find rfind hexdigest digest close "
    "__len__ exists is_file is_dir stat flush append extend insert update add remove clear sort reverse set commit "
    "raise_for_status send_text send_json emit seek tell fileno cancel done get_cog _get_client".split()
)
"""Methods whose result holds no text of their object."""

TEXT_WORDS = frozenset(
    "format join render replace split split_documents split_text transform_documents rsplit splitlines strip lstrip rstrip sub substitute safe_substitute encode decode parse "
    "loads dumps dump from_string format_messages format_prompt partition rpartition lower upper title fill dedent translate to_source unparse".split()
)

ADDRESS_PARSERS = frozenset({"urlparse", "urlsplit", "URL", "AnyHttpUrl"})
"""Functions and classes that take an address apart."""

BEHIND_HOST = frozenset({"pathname", "search", "hash"})
"""Parts of an address of JavaScript that begin with a sign which ends its host: `/`, `?`, `#`."""

PLATFORM_ADDRESSES = frozenset("url_private url_private_download response_url ResponseURL Location".split())
"""Attributes and keys that hold addresses which the platform itself gives: files and answers of Slack, CloudFormation, where a
service says its answer is."""

OWN_SYSTEM: dict[object, frozenset[object]] = {
    "system": frozenset({"messages"}),
    "instructions": frozenset({"input", "systemInstruction"}),
    "systemInstruction": frozenset({"contents", "system_instruction"}),
    "system_instruction": frozenset({"contents", "systemInstruction"}),
}
"""Keys of a request to a model that hold the system prompt, each with keys that stand beside it: Anthropic's, OpenAI's, Google's."""

MADE_PARTS = frozenset({"image", "audio", "video"})
"""Keys of parts of a message at which stands where the service keeps what it made (DashScope's image models)."""

MEDIA_PARTS = MADE_PARTS | {"image_url", "audio_url", "video_url"}
"""Keys below a message of an answer at which an address of a picture, a sound or a film stands that the service made
(help.aliyun.com/zh/model-studio/qwen-image-api)."""

ANSWER_PARTS = frozenset({"choices", "candidates"})
"""Parts of a model's answer as its API gives it."""

PICTURE_ADDRESSES = frozenset({"url", "image_urls"})
"""Keys of the addresses of pictures in the answers of services that make them."""

PICTURE_BYTES = frozenset({"b64_json", "image_url", "image_base64"})
"""Keys of a picture that a service made, beside its address (platform.openai.com/docs/api-reference/images,
platform.minimax.io/docs/api-reference/image-generation-t2i)."""

PICTURES = {"image_url": "url", "inlineData": "data", "inline_data": "data"}
"""Keys of a picture in an answer, with the key of what it is below: OpenAI's messages, Gemini's parts
(ai.google.dev/api/caching#Blob)."""

UPDATES = frozenset("message effective_message edited_message channel_post callback_query effective_chat".split())
"""What an update of Telegram has, with the number of a chat."""

HARMLESS_ATTRIBUTES = PLATFORM_ADDRESSES | frozenset(
    "status_code status ok usage total_tokens prompt_tokens completion_tokens input_tokens output_tokens created created_at updated_at "
    "frames finish_reason stop_reason elapsed encoding method scheme __class__ __name__ __doc__ __dict__ id uuid pk user_id "
    "rendered_content new_agent current_agent last_agent".split()
)
"""Attributes and keys that hold no free text in any of the modelled libraries: numbers, dates, ids, enumerations, agents, and pages
that the platform itself gives (what Google shows for a search)."""

QUERY_BUILDERS = tuple(
    f"{module}.{word}"
    for module in ("sqlalchemy", "sqlalchemy.sql", "sqlalchemy.future", "sqlmodel", "sqlalchemy.dialects.postgresql")
    for word in (
        "select",
        "insert",
        "update",
        "delete",
        "Table",
        "Column",
        "func",
        "and_",
        "or_",
        "bindparam",
        "desc",
        "asc",
    )
)
"""Calls that build a query in which values are parameters."""

CLIENT = re.compile(
    r"^[A-Z]\w*(?:Client|Credentials|Connection)$|^(?:Github|Gitlab|GithubIntegration|Jira|JIRA|Confluence|Reddit|Slack)$"
)
"""Classes of clients of services."""

STANDARD = frozenset(
    "os sys re json math time datetime collections itertools functools logging typing pathlib shutil random string".split()
)
"""Modules of the standard library whose calls are never taken for look-alikes of something else."""

USER_HELPER = re.compile(
    r"_?(?:(?:make|create|build|get|format|to|as)_)?(?:user|human|assistant|ai)_?(?:message|msg|turn)", re.IGNORECASE
)
"""Names of functions that make a message of the user, whatever form the message has."""

SOUGHT = frozenset("replace split rsplit partition rpartition strip lstrip rstrip removeprefix removesuffix".split())
"""Methods of texts whose first argument is looked for in the text: it is no part of what comes out."""

SOUGHT_BY = frozenset(
    f"{module}.{word}"
    for module in ("re", "regex", "re2")
    for word in "sub subn split search match fullmatch findall finditer".split()
)
"""Functions whose first argument is a pattern that is looked for in a text."""

FILLERS = frozenset({"format", "format_map", "render", "substitute", "safe_substitute", "replace"})
"""Methods that put their arguments into a text of the program."""

ESCAPES_HTML = re.compile(
    r"_?(?:esc|escape|sanitize|purify|encode)_html(?:_entities)?|html_(?:escape|encode|sanitize)|esc"
)
"""Functions of another script of a page that say in their name what they do."""

QUEUES_OF_JOBS = re.compile(r"npm\.(?:bullmq\.Queue|bull(?:\.Queue)?)\(\)\.add")
"""What puts jobs into queues of BullMQ and Bull."""

ANSWERED_YES = frozenset(
    "valid is_valid isValid ok allow allowed is_allowed approved safe is_safe success permitted passed".split()
)
ANSWERED_NO = frozenset("blocked is_blocked denied forbidden unsafe rejected invalid".split())
"""Keys under which a check says what it found, where it answers with a mapping: `return {"valid": False, "error": "no such file"}`."""

URL_PARTS = frozenset({"path", "query", "fragment"})
"""Parts of a parsed address that cannot change its host."""

MODEL_NAMES = frozenset("model _model llm _llm lm _lm chat_model language_model pipe pipeline generator".split())
"""Names of fields and parameters that hold a model which is called itself: `self.llm(messages)`."""

FLOW_CALLS = frozenset({"kickoff", "kickoff_async", "akickoff"})
"""Methods by which flows of CrewAI begin."""

GRAPH_CALLS = frozenset({"invoke", "ainvoke", "stream", "astream", "astream_events", "batch"})

SYSTEM_KEYS = frozenset(
    "system system_instruction systemInstruction system_prompt systemPrompt instructions preamble developer".split()
)
"""Keys of request bodies and options that hold the system prompt: of these parts none is left out."""

REQUEST_MARKS = frozenset(
    "model prompt messages contents max_tokens maxOutputTokens generationConfig generation_config anthropic_version voice modalities "
    "turn_detection input_audio_format input_audio_transcription inferenceConfig".split()
)
"""Keys that show that a mapping beside a system prompt is a request to a model: Messages, Responses, Realtime, Gemini, Ollama."""

REQUEST_KEYS = (
    SYSTEM_KEYS
    | REQUEST_MARKS
    | frozenset(
        "stream temperature top_p top_k stop stop_sequences tools tool_choice toolConfig tool_config format options raw template context "
        "keep_alive suffix images input output_audio_format tracing max_response_output_tokens max_output_tokens safetySettings "
        "safety_settings metadata thinking reasoning response_format seed presence_penalty frequency_penalty repeat_penalty n think "
        "output_modalities speed audio num_ctx num_predict store text include truncation user service_tier parallel_tool_calls "
        "previous_response_id prompt_cache_key safety_identifier max_tool_calls max_completion_tokens reasoning_effort verbosity "
        "stream_options logit_bias logprobs top_logprobs function_call functions cachedContent container betas mcp_servers".split()
    )
)
"""Keys of requests to models. A mapping with others, such as a name or an id, is a record of something."""

SYSTEM_PATHS = frozenset((key,) for key in SYSTEM_KEYS)

ROLES_TRUSTED = frozenset({"system", "developer"})

MODEL_WORD = re.compile(
    r"(?i)(?:^|_)models?(?:$|_)|provider|reasoning|(?:^|[^a-z0-9])o1(?:$|[^a-z0-9])|supports?_(?:system|developer)"
)
"""Names that a choice between roles asks about: older models know no message of the system."""

MESSAGE_CLASS = re.compile(r"(?:Chat|LLM|Llm|Prompt|Input|Conversation)?Message|Msg")
"""Names of classes of libraries that make a message of a role and a content, in this order."""

COUNTS_TOKENS = re.compile(
    r"(?i)(?:count|num|estimate|length|len)\w*tokens?|tokens?_?(?:count|length|size)|token_counter"
)
"""Names of functions that only count the tokens of messages."""

ADDRESS_BASE = re.compile(
    r"(?i)(?:base|root|api|server|service|endpoint|host)_?(?:url|uri|address)?$|_(?:url|uri|host)$|^(?:base|url|host)$"
)
"""Names of what an address begins with, scheme and host: the program chose it."""

ADDRESS_NAME = re.compile(r"(?i)(?:^|_)(?:url|uri|link|href)s?$")
"""Names of what is a whole address."""

FETCHES = frozenset({"get", "head", "fetch", "download", "goto", "post"})
FETCHERS = re.compile(
    r"(?i)(?:^|_)(?:http|https|aiohttp|session|requests|page|browser|scraper|crawler|downloader)(?:_?(?:client|session))?$"
)
"""Methods that fetch an address, and names of what they are called on where nothing else is known of it."""

PLATFORM_PARTS = frozenset({"url", "proxy_url", "file_path"})
PLATFORM_FILES = re.compile(
    r"(?i)attachments?|(?:display_|guild_)?avatar|(?:guild_|role_)?icon|banner|emoji|sticker|get_?file|(?:media|voice|photo|tg|telegram|audio|video|document)_file"
)
"""The address of a file that a platform keeps, and names of such a file: Discord's attachments, Telegram's `get_file()`."""

GIVES_ADDRESS = re.compile(
    r"(?:get|create|generate|fetch|request|issue)_\w*(?:download|upload|signed|presigned)_?\w*_?(?:url|uri|link)s?"
    r"|generate_(?:signed|presigned)_(?:url|post)"
)
"""Methods of clients that answer with an address of the service: `client.get_log_download_url(run)`."""

FILE_IDS = frozenset({"file_id", "file_unique_id"})
SENT_FILES = re.compile(
    r"(?:(?:new|tg|telegram|sent)_)?(?:file|get_file|document|voice|photo|audio|video|video_note|animation|sticker)"
)
"""What Telegram calls a file by that was sent, and where that stands: `message.voice.file_id`."""

SHELLS = frozenset("sh bash zsh dash ksh fish cmd cmd.exe powershell pwsh powershell.exe".split())

SHELL_NAME = re.compile(r"(?i)(?:^|_)(?:shell|bash)(?:_?(?:path|cmd|command|bin|exe|executable))?$")
"""Names of what holds the path of one."""

SHOWERS = frozenset(
    "code subl atom notepad notepad.exe vim vi nano emacs gedit less more cat echo head tail wc diff grep git cp mv rm ls chmod chown chgrp "
    "touch stat du find tree file md5sum sha256sum mkdir explorer nautilus zip tar gzip scp rsync curl ruff black isort flake8 pylint mypy "
    "chktex lacheck aspell pandoc pdftotext pdfinfo ffprobe dot shellcheck eslint prettier yamllint clang-format gofmt rustfmt hadolint "
    "wkhtmltopdf soffice libreoffice qpdf bandit semgrep pyright basedpyright radon vulture xdg-open".split()
)
"""Programs that show, move, send, or check a file that they are given, and do not run it."""

INTERPRETERS = SHELLS | frozenset(
    "python python3 node deno bun ruby perl php osascript lua Rscript ipython java kotlin scala julia ts-node tsx".split()
)

FILE_RUNNERS = frozenset(
    "streamlit chainlit gradio panel voila manim pytest uv poetry pdm pipenv hatch conda spark-submit torchrun accelerate deepspeed "
    "marimo papermill locust".split()
)
"""Programs that run a file of code they are given, after a word or two of their own."""

RUN_FILES = INTERPRETERS | FILE_RUNNERS

VALUE_FLAGS = frozenset(
    "--with --with-requirements --python --project --extra --group --package -n --name --env -p -W -X --conf --master "
    "--deploy-mode --jars --packages --py-files --driver-memory --executor-memory --executor-cores --num-executors "
    "--nproc --nproc_per_node --nproc-per-node --nnodes --node_rank --master_port --num_processes --num_machines --num_gpus "
    "--config_file --include".split()
)
"""Options that may stand there with a value: `uv run --with polars script.py`, `conda run -n base python script.py`."""

RUN_WORDS = frozenset(
    "pytest unittest run streamlit chainlit manim python python3 serve coverage pdb cProfile launch".split()
)
"""Words that may stand between an interpreter, or one of these, and the file that it runs."""

STDIN_WORDS = frozenset({"-", "-s", "/dev/stdin"})
"""Words by which an interpreter is told to read what it runs from its standard input."""

RUNNER_NAME = re.compile(r"(?i)repl|work|run|exec|eval|sandbox|kernel|interp|driver|harness|shell|code|jail|child")
"""What scripts are called that may run what they read."""

_PACKAGE_SCRIPTS = frozenset("test t run start install i ci build dev exec".split())

RUNS_FOLDER: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        ("pytest", "tox", "nox", "unittest", "make", "mvn", "gradle", "gradlew", "jest", "vitest", "phpunit"),
        frozenset(),
    ),
    **dict.fromkeys(("npm", "yarn", "pnpm", "bun"), _PACKAGE_SCRIPTS),
    **dict.fromkeys(("cargo", "go", "dotnet", "deno"), frozenset({"run", "test", "build"})),
}
"""Programs that run code which they look for in a folder, with the words of which one must follow; none where all run it."""

PYTHON_NAME = re.compile(
    r"(?i)(?:^|_)(?:python|py)\d*_?(?:exe|exec|executable|path|bin|binary|cmd|command|interpreter)?$|(?:^|_)interpreter(?:_path)?$"
)
"""Names of variables, attributes, and functions that hold the path of a Python."""

CODE_FLAGS = frozenset("-c -e -command -encodedcommand -enc /c /k --eval --command -lc -ic -ec -p --print".split())
"""Options, in small letters, after which an interpreter takes code."""

COMPILERS = frozenset("gcc g++ cc c++ clang clang++ rustc javac go tsc kotlinc scalac swiftc dotnet nasm ghc".split())
"""Programs that make a program of a source."""

INSTALLERS = frozenset("pip pip3 npm npx pnpm yarn uv uvx pipx conda mamba gem cargo brew apt apt-get bun".split())

FILE_FLAGS = frozenset(
    "-r --requirement --requirements -c --constraint -t --target --prefix --root --cwd -C --dir --file -f".split()
)
"""Options of those after which the name of a file or folder stands."""

WRAPPERS = frozenset("sudo env nohup timeout xargs time nice exec".split())

OUTER = WRAPPERS | frozenset(
    "doas gosu setsid stdbuf unbuffer ionice taskset numactl caffeinate systemd-run chroot unshare nsenter strace xvfb-run winpty wsl "
    "wsl.exe uv poetry pdm pipenv hatch rye pixi conda mamba micromamba mpirun mpiexec srun find parallel watch flock kubectl oc ssh sshpass "
    "adb tmux screen gnome-terminal xfce4-terminal konsole xterm start".split()
)
"""Programs that start another one, which stands behind words of their own. What runs in a container of its own is not among them."""

TEXT_AFTER = {
    **dict.fromkeys(
        ("su", "runuser", "script", "flock", "xterm", "konsole", "xfce4-terminal"), ("-c -e --command", "shell")
    ),
    "gcloud": ("--command", "shell"),
    "ansible": ("-a --args", "shell"),
    "adb": ("shell exec-out", "shell"),
    "screen": ("stuff", "shell"),
    **dict.fromkeys(("mysql", "mariadb"), ("-e --execute", "sql")),
    **dict.fromkeys(("psql", "duckdb"), ("-c --command", "sql")),
    **dict.fromkeys(("clickhouse-client", "clickhouse", "snow", "snowsql"), ("-q --query", "sql")),
    "sqlcmd": ("-Q -q", "sql"),
    **dict.fromkeys(("mongosh", "mongo", "octave"), ("--eval", "exec")),
    "deno": ("eval", "exec"),
    "matlab": ("-batch -r", "exec"),
    "sage": ("-c", "exec"),
    "gdb": ("-ex --eval-command", "exec"),
    "bq": ("query", "sql"),
    "gnuplot": ("-e", "exec"),
    "wolframscript": ("-code -c", "exec"),
    "blender": ("--python-expr", "exec"),
}
"""Programs with the words after which they take text in a language of their own, and what it is: `adb shell`, `su -c`, `psql -c`."""

TEXT_BEHIND = {
    "ssh": ("-b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w", "shell"),
    "sqlite3": ("-cmd -init -newline -nullvalue -separator -vfs", "sql"),
}
"""Programs that take text behind the first word that is no option, with their options that have a value: `ssh host`, `sqlite3 file.db`."""

TYPED = frozenset("-t -s -n -c -e -x -y -F".split())
"""Options of tmux behind which no keys, and no command, stand."""

ACTIVITIES = frozenset(
    "execute_activity start_activity execute_local_activity start_local_activity execute_activity_method start_activity_method "
    "execute_workflow start_workflow execute_child_workflow start_child_workflow".split()
)
"""Calls by which Temporal runs an activity or a workflow, and awaits what it returns."""

RUNNERS = {
    "to_thread": 0,
    "submit": 0,
    "run_in_executor": 1,
    "run_sync": 0,
    "run_in_threadpool": 0,
    "map": 0,
    "enqueue": 0,
    **dict.fromkeys(sorted(ACTIVITIES), 0),
    "add_task": 0,
    "call_soon": 0,
    "call_soon_threadsafe": 0,
    "call_later": 1,
    "call_at": 1,
    "start_soon": 0,
    "spawn": 0,
    "start_background_task": 0,
    "spawn_n": 0,
    "spawn_later": 1,
    "add_callback": 0,
    "deferToThread": 0,
    **dict.fromkeys(("imap", "imap_unordered", "map_async", "starmap", "starmap_async", "filter"), 0),
    "execute_write": 0,
    "write_transaction": 0,
}
"""Calls that run a function with the arguments that follow it, with its position."""

STARTERS = {
    "Thread": (1, "target"),
    "Process": (1, "target"),
    "Timer": (1, "function"),
    "start_new_thread": (0, "function"),
    "add_job": (0, "func"),
    "apply": (0, "func"),
    "apply_async": (0, "func"),
    "func_timeout": (1, "func"),
    "schedule": (0, "function"),
}
"""Calls that run a function with arguments packed in a tuple and a mapping, with the function's position and name."""

OTHERS_ADDRESS = re.compile(r"(?:https?|wss?)://(?!localhost|127\.|0\.0\.0\.0|host\.docker|\{\})[\w-]+\.[\w.-]+")
"""The beginning of an address that names a service of others: what it answers is told by its own models."""

ASSISTANT_ADDRESS = re.compile(
    r"(?i)chat|\bask|assist|\bbot|\bai\b|generat|complet|\bgpt|\bllm|openai|gemini|claude|prompt|agent|answer"
)
"""Words in the address of a service that answers as an assistant does."""
