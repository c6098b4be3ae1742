/* A small table of emoji with words to find them by in each language; the first word is the name. Loaded when the picker opens. */

export interface Emoji {
  char: string;
  pt: string;
  es: string;
  en: string;
}

const table = `😀|sorriso feliz|sonrisa feliz|smile happy
😃|alegre feliz sorriso|alegre feliz sonrisa|joy happy smile
😄|rindo sorriso olhos|riendo sonrisa|laughing smile eyes
😁|radiante dentes sorriso|radiante dientes sonrisa|beaming teeth grin
😂|chorando rir lágrimas|llorando risa lágrimas|tears joy laugh
🤣|gargalhada rolando rir|carcajada risa|rolling laugh rofl
😊|corado feliz sorriso|sonrojado feliz sonrisa|blush happy smile
🙂|leve sorriso|leve sonrisa|slight smile
😉|piscada piscar|guiño|wink
😍|apaixonado coração olhos|enamorado corazón ojos|love heart eyes
🥰|carinho amor corações|cariño amor corazones|affection love hearts
😘|beijo|beso|kiss
😋|gostoso delícia língua|rico delicioso lengua|yummy tongue
😎|óculos legal|gafas genial|cool sunglasses
🤩|estrelas uau olhos|estrellas guau ojos|star struck wow
🥳|festa comemorar|fiesta celebrar|party celebrate
🤗|abraço|abrazo|hug
🤔|pensando dúvida|pensando duda|thinking
😐|neutro sério|neutral serio|neutral
🙄|revirar olhos|ojos blanco|eye roll
😏|malicioso sorriso|pícaro sonrisa|smirk
😴|dormindo sono|durmiendo sueño|sleeping
😅|suor alívio rindo|sudor alivio riendo|sweat relief laugh
😇|anjo santo|ángel santo|angel innocent
🤪|doido brincadeira|loco broma|zany goofy
😜|língua piscada brincadeira|lengua guiño broma|tongue wink
🤫|silêncio segredo|silencio secreto|quiet secret
🤐|boca fechada zíper|boca cerrada|zipped mouth
😬|careta|mueca|grimace
😮|surpresa espanto|sorpresa asombro|surprise
😲|chocado espanto|impactado asombro|astonished
😳|envergonhado corado|avergonzado|flushed embarrassed
🥺|súplica por favor|súplica por favor|pleading please
😢|triste choro|triste llanto|sad cry
😭|chorando muito triste|llorando mucho triste|sobbing cry
😞|decepcionado triste|decepcionado triste|disappointed sad
😔|pensativo triste|pensativo triste|pensive sad
😟|preocupado|preocupado|worried
😩|cansado exausto|cansado agotado|weary tired
😤|irritado bufando|molesto resoplando|huffing triumph
😡|raiva bravo|rabia enojado|angry mad
🤬|xingando raiva|insultos rabia|swearing angry
😱|medo grito|miedo grito|fear scream
😨|assustado medo|asustado miedo|scared fear
🤯|explodir cabeça|explotar cabeza|mind blown
😷|máscara doente|mascarilla enfermo|mask sick
🤒|febre doente|fiebre enfermo|fever sick
🤕|machucado curativo|herido venda|hurt bandage
🤢|enjoo nojo|náusea asco|nausea sick
👍|joinha positivo ok|pulgar arriba ok|thumbs up ok
👎|negativo polegar|pulgar abajo|thumbs down
👌|perfeito ok|perfecto ok|perfect ok
👏|aplausos palmas|aplausos|clap applause
🙌|mãos comemorar|manos celebrar|raised hands hooray
🙏|obrigado reza por favor|gracias ruego por favor|thanks pray please
🤝|acordo aperto mãos|acuerdo apretón manos|handshake deal
👋|tchau oi aceno|hola adiós saludo|wave hello bye
✌️|paz vitória|paz victoria|peace victory
🤞|dedos cruzados sorte|dedos cruzados suerte|fingers crossed luck
💪|força músculo|fuerza músculo|strong muscle
👇|abaixo apontar|abajo señalar|down point
👆|acima apontar|arriba señalar|up point
👉|direita apontar|derecha señalar|right point
👈|esquerda apontar|izquierda señalar|left point
☝️|um dedo atenção|uno dedo atención|one finger point
✍️|escrever mão|escribir mano|writing hand
🫶|coração mãos|corazón manos|heart hands
👀|olhos ver|ojos ver|eyes look
🧠|cérebro ideia|cerebro idea|brain idea
❤️|coração amor vermelho|corazón amor rojo|heart love red
🧡|coração laranja|corazón naranja|heart orange
💛|coração amarelo|corazón amarillo|heart yellow
💚|coração verde|corazón verde|heart green
💙|coração azul|corazón azul|heart blue
💜|coração roxo|corazón morado|heart purple
🖤|coração preto|corazón negro|heart black
🤍|coração branco|corazón blanco|heart white
💔|coração partido|corazón roto|broken heart
💖|coração brilho|corazón brillo|sparkling heart
💯|cem perfeito|cien perfecto|hundred perfect
✨|brilho estrelas|brillo estrellas|sparkles
⭐|estrela|estrella|star
🌟|estrela brilho|estrella brillo|glowing star
🔥|fogo quente|fuego caliente|fire hot
🎉|festa confete parabéns|fiesta confeti felicidades|party confetti congratulations
🎊|confete festa|confeti fiesta|confetti party
🎁|presente|regalo|gift present
🎂|bolo aniversário|pastel cumpleaños|cake birthday
🎈|balão festa|globo fiesta|balloon party
🏆|troféu prêmio|trofeo premio|trophy prize
🥇|medalha ouro primeiro|medalla oro primero|medal gold first
✅|certo feito ok|correcto hecho ok|check done ok
☑️|marcado caixa|marcado casilla|checked box
❌|errado não x|error no x|wrong no cross
⚠️|atenção aviso|atención aviso|warning
❗|exclamação importante|exclamación importante|exclamation important
❓|pergunta dúvida|pregunta duda|question
🚫|proibido não|prohibido no|forbidden no
🆗|ok botão|ok botón|ok button
🆕|novo|nuevo|new
🔔|sino aviso|campana aviso|bell notice
📌|alfinete fixar|chincheta fijar|pin
📍|local mapa|ubicación mapa|location map
📎|clipe anexo|clip adjunto|paperclip attachment
📄|documento página|documento página|document page
📋|lista prancheta|lista portapapeles|clipboard list
📝|nota escrever|nota escribir|note write
📅|calendário data|calendario fecha|calendar date
📆|calendário dia|calendario día|calendar day
⏰|despertador hora|despertador hora|alarm clock
⏳|espera ampulheta|espera reloj arena|hourglass wait
🕐|relógio hora|reloj hora|clock hour
📞|telefone ligação|teléfono llamada|phone call
📱|celular telefone|celular teléfono|mobile phone
💬|conversa mensagem balão|chat mensaje globo|chat message bubble
📧|e-mail correio|correo email|e-mail mail
📨|mensagem recebida envelope|mensaje recibido sobre|incoming envelope
📦|pacote entrega caixa|paquete entrega caja|package box delivery
🚚|caminhão entrega|camión entrega|truck delivery
🛵|moto entrega|moto entrega|scooter delivery
🛒|carrinho compras|carrito compras|cart shopping
🛍️|sacolas compras|bolsas compras|bags shopping
💰|dinheiro saco|dinero bolsa|money bag
💵|dinheiro nota|dinero billete|money bill
💳|cartão crédito|tarjeta crédito|card credit
🧾|recibo nota|recibo factura|receipt
📈|gráfico alta subir|gráfico alza subir|chart up
📉|gráfico queda|gráfico caída|chart down
🏷️|etiqueta preço|etiqueta precio|tag price
🔑|chave|llave|key
🔒|cadeado fechado seguro|candado cerrado seguro|lock secure
🔗|link corrente|enlace cadena|link chain
🔍|lupa buscar|lupa buscar|search magnifier
⚙️|engrenagem ajustes|engranaje ajustes|gear settings
🛠️|ferramentas conserto|herramientas reparación|tools repair
💡|ideia lâmpada|idea bombilla|idea bulb
🚀|foguete rápido|cohete rápido|rocket fast
🏠|casa|casa|house home
🏢|prédio empresa|edificio empresa|building office
🏥|hospital clínica|hospital clínica|hospital clinic
🏫|escola|escuela|school
🏪|loja|tienda|store shop
🚗|carro|carro auto|car
✈️|avião viagem|avión viaje|plane travel
☀️|sol|sol|sun
🌧️|chuva|lluvia|rain
🌈|arco-íris|arcoíris|rainbow
🌹|rosa flor|rosa flor|rose flower
🌻|girassol flor|girasol flor|sunflower flower
🌷|tulipa flor|tulipán flor|tulip flower
🍀|trevo sorte|trébol suerte|clover luck
☕|café|café|coffee
🍕|pizza|pizza|pizza
🍔|hambúrguer|hamburguesa|burger
🍰|bolo doce|pastel dulce|cake sweet
🍎|maçã fruta|manzana fruta|apple fruit
🍺|cerveja|cerveza|beer
🥂|brinde taças|brindis copas|cheers toast
🐶|cachorro cão|perro|dog
🐱|gato|gato|cat
🐾|patas pet|patas mascota|paws pet
🐰|coelho|conejo|rabbit
🐦|pássaro|pájaro|bird
🦷|dente dentista|diente dentista|tooth dentist
💊|remédio comprimido|remedio pastilla|pill medicine
💉|vacina injeção|vacuna inyección|vaccine syringe
🩺|médico estetoscópio|médico estetoscopio|doctor stethoscope
✂️|tesoura corte|tijeras corte|scissors cut
💅|unhas manicure|uñas manicura|nails manicure
👗|vestido roupa|vestido ropa|dress clothes
👟|tênis sapato|tenis zapato|sneaker shoe
💍|anel aliança|anillo|ring
👶|bebê|bebé|baby
👨‍👩‍👧|família|familia|family
🤷|não sei dúvida|no sé duda|shrug unknown
🤦|vergonha mão rosto|vergüenza mano cara|facepalm
🙋|mão levantada eu|mano levantada yo|raised hand me
🏃|correndo pressa|corriendo prisa|running hurry
💤|sono dormir|sueño dormir|sleep
💥|explosão|explosión|boom
🎵|música nota|música nota|music note
📸|foto câmera|foto cámara|photo camera
🎥|vídeo câmera|video cámara|video camera
⚽|futebol bola|fútbol balón|soccer ball
🇧🇷|brasil bandeira|brasil bandera|brazil flag
🇲🇽|méxico bandeira|méxico bandera|mexico flag
🇦🇷|argentina bandeira|argentina bandera|argentina flag
🇨🇴|colômbia bandeira|colombia bandera|colombia flag
🇨🇱|chile bandeira|chile bandera|chile flag
🇵🇹|portugal bandeira|portugal bandera|portugal flag
🇺🇸|estados unidos bandeira|estados unidos bandera|united states flag`;

export const emoji: readonly Emoji[] = table.split('\n').map((row) => {
  const [char = '', pt = '', es = '', en = ''] = row.split('|');
  return { char, pt, es, en };
});
