"""Español tal como viene con Tonus: de usted, amable y breve. Spanish as Tonus comes, in the formal address.

Text messages avoid á, í, ó, ú where a good word without them exists: a single one of these makes a message dearer.
"""

from __future__ import annotations

from clinic.wording.kinds import Kind
from clinic.wording.speech import Speech

_HELLO = "Hola, {name}:\n\n"
_SIGNED = "\n\nUn saludo cordial,\n{clinic}"
_CALL_TOO = "[ También puede llamarnos al {phone}.]"
_ONCE = "El enlace es solo para usted y sirve una vez." + _CALL_TOO + _SIGNED
_ANSWER = "\n\nPor favor, confirme o díganos que no puede venir:\n\n{link}\n\n" + _ONCE
_ANSWER_FIRST = "\n\nPor favor, confirme la primera o díganos que no puede venir:\n\n{link}\n\n" + _ONCE
_ANSWER_EACH = (
    "\n\nPor favor, confirme cada una o díganos que no puede venir:\n\n{link}\n\nEl enlace es solo para usted."
    + _CALL_TOO + _SIGNED
)  # fmt: skip
_SORRY = "\n\nLo sentimos. Póngase en contacto con nosotros para buscar otra hora[: {phone}]." + _SIGNED
_CALL = "Póngase en contacto con nosotros para buscar una hora que le convenga[: {phone}]."

MAILS = {
    Kind.VISIT_BOOKED: (
        "Su cita está reservada",
        _HELLO + "Su cita en {clinic} está reservada:\n\n{when}[\n{place}]" + _ANSWER,
    ),
    Kind.VISITS_BOOKED: (
        "Sus citas están reservadas",
        _HELLO + "Sus citas en {clinic} están reservadas:\n\n{lines}" + _ANSWER_EACH,
    ),
    Kind.SERIES_BOOKED: (
        "Sus citas están reservadas",
        _HELLO + "Sus citas en {clinic} están reservadas:\n\n{lines}" + _ANSWER_FIRST,
    ),
    Kind.VISIT_REMINDER: (
        "Recordatorio de su cita",
        _HELLO + "Le recordamos su cita en {clinic}:\n\n{when}[\n{place}]" + _ANSWER,
    ),
    Kind.VISITS_REMINDER: (
        "Recordatorio de sus citas",
        _HELLO + "Le recordamos sus citas en {clinic}:\n\n{lines}" + _ANSWER_EACH,
    ),
    Kind.FAMILY_REMINDER: (
        "Recordatorio de sus citas",
        "Hola, {names}:\n\nLes recordamos sus citas en {clinic}:\n\n{lines}\n\nPor favor, confirmen cada una o "
        "dígannos que no pueden venir:\n\n{link}\n\nEl enlace es solo para ustedes.[ También pueden llamarnos al "
        "{phone}.]" + _SIGNED,
    ),
    Kind.VISIT_MOVED: (
        "Su cita tiene una nueva hora",
        _HELLO + "Su cita en {clinic} tiene una nueva hora:\n\n{when}[\n{place}]" + _ANSWER,
    ),
    Kind.VISIT_CHANGED: (
        "Su cita ha cambiado",
        _HELLO + "En {clinic} hemos tenido que cambiar una cita:\n\n{lines}" + _ANSWER,
    ),
    Kind.VISITS_CHANGED: (
        "Sus citas han cambiado",
        _HELLO + "En {clinic} hemos tenido que cambiar sus citas:\n\n{lines}" + _ANSWER_FIRST,
    ),
    Kind.VISIT_CANCELLED: (
        "Su cita no puede tener lugar",
        _HELLO + "En {clinic} no podemos mantener su cita:\n\n{lines}" + _SORRY,
    ),
    Kind.VISITS_CANCELLED: (
        "Sus citas no pueden tener lugar",
        _HELLO + "En {clinic} no podemos mantener sus citas:\n\n{lines}" + _SORRY,
    ),
    Kind.WAITLIST_OFFER: (
        "Ha quedado libre una hora para usted",
        _HELLO + "Ha quedado libre una hora en {clinic}:\n\n{when}[\n{place}][\n\nSustituiría a su cita del "
        "{instead}.]\n\nSe la guardamos hasta el {until}. Si le conviene, acéptela aquí; si no, díganoslo y podrá "
        "aprovecharla otra persona:\n\n{link}\n\nSi no hace nada, se la ofreceremos a otra persona y usted seguirá "
        "en nuestra lista. El enlace es solo para usted." + _CALL_TOO + _SIGNED,
    ),
    Kind.RECALL: (
        "¿Buscamos su próxima cita?",
        _HELLO + "Su próxima cita en {clinic} aún no está reservada, y nos alegraría volver a verle.\n\n" + _CALL
        + " Si prefiere esperar, no tiene que hacer nada." + _SIGNED,
    ),
    Kind.PLAN_REVIEW: (
        "Es hora de hacer balance",
        _HELLO + "Es hora de ver juntos lo que ha conseguido y lo que viene después.\n\n" + _CALL
        + " Si ya tiene una cita reservada, lo haremos entonces." + _SIGNED,
    ),
    Kind.EXERCISE_NUDGE: (
        "¿Cómo le va?",
        _HELLO + "Hace unos días que no hay novedades en su página. Un poco, a menudo, es lo que más ayuda; y si "
        "algo se lo impide, díganoslo para que podamos cambiarlo.\n\n{link}\n\nEl enlace es "
        "solo para usted." + _CALL_TOO + _SIGNED,
    ),
    Kind.HOME_PROGRAMME: (
        "Su propia página",
        _HELLO + "Aquí tiene su propia página en {clinic}. Por favor, guarde este mensaje:\n\n{link}\n\nEl enlace es "
        "solo para usted. Sirve hasta el {until}." + _SIGNED,
    ),
    Kind.QUESTIONS: (
        "Unas preguntas antes de su cita",
        _HELLO + "Antes de su próxima cita nos gustaría hacerle unas preguntas:\n\n{link}\n\nEl enlace es solo para "
        "usted y sirve una vez, hasta el {until}." + _SIGNED,
    ),
    Kind.DIARY: (
        "Su página de notas",
        _HELLO + "Aquí tiene su página para notas breves entre una cita y otra. Por favor, guarde este "
        "mensaje:\n\n{link}\n\nEl enlace es solo para usted. Sirve hasta el {until}." + _SIGNED,
    ),
    Kind.INVOICE: (
        "Su factura de {clinic}",
        _HELLO + "Su factura {number} asciende a {amount}.[ Por favor, páguela a más tardar el {due}.]\n\nSi algo no "
        "está claro, pregúntenos[: {phone}]." + _SIGNED,
    ),
    Kind.INVOICE_OVERDUE: (
        "Recordatorio de su factura",
        _HELLO + "Aún están pendientes {amount} de la factura {number}[, que vencía el {due}]. Quizá se le haya "
        "pasado.\n\nSi ya la ha pagado, no tenga en cuenta este mensaje. Si prefiere pagar en varias veces o algo no "
        "está claro, pregúntenos[: {phone}]." + _SIGNED,
    ),
}  # fmt: skip

_OFTEN = " {link} Baja: STOP"
TEXTS = {
    Kind.VISIT_BOOKED: "{name}, su cita en {clinic}: {when}. Confirme/cambie:" + _OFTEN,
    Kind.VISITS_BOOKED: "{name}, sus citas en {clinic}:\n{lines}\nConfirme/cambie:" + _OFTEN,
    Kind.SERIES_BOOKED: "{name}, sus citas en {clinic}:\n{lines}\nConfirme la primera/cambie:" + _OFTEN,
    Kind.VISIT_REMINDER: "{name}, le esperamos en {clinic}: {when}. Confirme/cambie:" + _OFTEN,
    Kind.VISITS_REMINDER: "{name}, le esperamos en {clinic}:\n{lines}\nConfirme/cambie:" + _OFTEN,
    Kind.FAMILY_REMINDER: "Sus citas en {clinic}:\n{lines}\nConfirmen/cambien:" + _OFTEN,
    Kind.VISIT_MOVED: "{name}, nueva hora en {clinic}: {when}. Confirme/cambie:" + _OFTEN,
    Kind.VISIT_CHANGED: "{name}, {clinic} ha tenido que cambiar su cita. {lines} Confirme/cambie: {link}",
    Kind.VISITS_CHANGED: "{name}, {clinic} ha tenido que cambiar sus citas:\n{lines}\nConfirme la primera/cambie: "
    "{link}",
    Kind.VISIT_CANCELLED: "{name}, lo sentimos ({clinic}): {lines} Consulte otra hora[: {phone}].",
    Kind.VISITS_CANCELLED: "{name}, lo sentimos ({clinic}):\n{lines}\nConsulte otras horas[: {phone}].",
    Kind.WAITLIST_OFFER: "{name}, hora libre en {clinic}: {when}[ (en vez de {instead})]. Se la guardamos hasta el "
    "{until}: {link}",
    Kind.RECALL: "{name}, su siguiente cita en {clinic} no tiene fecha. ¿Buscamos una hora?[ Tel. {phone}.] Baja: STOP",
    Kind.PLAN_REVIEW: "{name}, es hora de hacer balance en {clinic}. ¿Buscamos una hora?[ Tel. {phone}.] Baja: STOP",
    Kind.EXERCISE_NUDGE: "{name}, ¿todo bien? Su espacio en {clinic}:" + _OFTEN,
    Kind.HOME_PROGRAMME: "{name}, su espacio en {clinic}, hasta el {until}: {link}",
    Kind.QUESTIONS: "{name}, unas preguntas de {clinic} antes de su cita: {link}",
    Kind.DIARY: "{name}, su espacio para notas en {clinic}, hasta el {until}: {link}",
    Kind.INVOICE: "{name}, tiene una factura en {clinic}. Por favor, pregunte por ella[: {phone}]. Baja: STOP",
    Kind.INVOICE_OVERDUE: "{name}, tiene una factura pendiente en {clinic}. Por favor, llame[ al {phone}]. Baja: STOP",
    Kind.REPLY_CONFIRMED: "Gracias[, {name}]. Le esperamos en {clinic}[: {when}].",
    Kind.REPLY_OTHER_TIME: "Gracias[, {name}]. {clinic} le va a proponer otra hora. Hasta entonces su cita sigue "
    "reservada.",
    Kind.REPLY_NO_VISIT: "{clinic}: no hay ninguna cita con este teléfono. Por favor, llame[ al {phone}].",
    Kind.REPLY_PASSED_ON: "Gracias. Alguien de {clinic} va a leer su mensaje.[ Si es urgente, llame al {phone}.]",
    Kind.REPLY_HELP: "{clinic}: C confirma su cita, R pide otra hora, STOP da de baja estos mensajes.[ Tel. {phone}.]",
    Kind.REPLY_STOPPED: "{clinic}: no le enviaremos SMS. Sus citas siguen reservadas. START para recibirlos de nuevo.",
    Kind.REPLY_STARTED: "{clinic}: vuelve a recibir nuestros SMS. STOP para la baja.",
}  # fmt: skip

SPANISH = Speech(
    code="es",
    name="Español",
    days=("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    short_days=("lun", "mar", "mié", "jue", "vie", "sáb", "dom"),
    months=(
        "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
        "diciembre",
    ),
    short_months=("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"),
    long="{day_name} {d} de {month} de {year}, {hour} h ({zone})",
    short="{day_name} {d} {month}, {hour}",
    day="{d} de {month} de {year}",
    hour="{h}:{mm}",
    full_hour="{h}:{mm}",
    short_hour="{h}:{mm}",
    short_full_hour="{h}:{mm}",
    money="{amount} {symbol}",
    thousands=".",
    decimals=",",
    line_for="{who}: {when}",
    moved="En vez de {was}, ahora {now}.",
    off="{was}: esta cita no puede tener lugar.",
    same_time="{was}: se mantiene la hora, con otra persona de nuestro equipo.",
    more="y {count} más.",
    last_and=" y ",
    nameless="la clínica",
    fallback="O abra esta dirección:",
    labels={
        "": "Abrir",
        "visit": "Abrir mi cita",
        "visits": "Abrir mis citas",
        "waitlist": "Ver la hora",
        "measures": "Responder a las preguntas",
        "spasm_diary": "Abrir mi página",
        "home": "Abrir mi página",
        "password": "Elegir una contraseña",
    },
    mails=MAILS,
    texts=TEXTS,
    telling=frozenset({
        "masaje", "masajes", "fisioterapia", "fisioterapeuta", "fisio", "terapia", "terapeuta", "tratamiento",
        "tratamientos", "rehabilitación", "acupuntura", "osteopatía", "quiropráctica", "drenaje linfático",
        "punto gatillo", "ejercicio", "ejercicios", "cirugía", "operación", "inyección",
        "espalda", "cuello", "hombro", "hombros", "codo", "muñeca", "cadera", "caderas", "rodilla", "rodillas",
        "tobillo", "columna", "pelvis", "pélvico", "muslo", "pantorrilla", "glúteo", "ingle", "abdomen", "pecho",
        "mandíbula", "lumbar", "lumbares", "músculo", "músculos", "articulación", "articulaciones", "nervio",
        "dolor", "dolores", "espasmo", "espasmos", "calambre", "lesión", "diagnóstico", "enfermedad", "síntoma",
        "síntomas", "ciática", "artritis", "artrosis", "hernia", "fractura", "esguince", "contractura", "escoliosis",
        "fibromialgia", "inflamación", "depresión", "embarazo", "cáncer",
        "medicamento", "medicamentos", "medicación", "medicina", "fármaco", "dosis", "pastilla", "pastillas",
        "ibuprofeno", "naproxeno", "diclofenaco", "paracetamol", "aspirina", "metocarbamol", "tizanidina", "baclofeno",
        "diazepam", "opioide", "tramadol", "prednisona", "gabapentina", "pregabalina", "cortisona", "bótox",
        "importe", "saldo", "deuda", "dólares", "euros", "copago",
    }),
)  # fmt: skip
