"""Names from many places, all invented by putting parts together."""

GIVEN = (
    "Ana", "Bilal", "Chidi", "Dolores", "Emre", "Fatima", "Goran", "Hana", "Isolde", "Jorge", "Kaito", "Leilani",
    "Mateus", "Nadia", "Oisín", "Priya", "Quentin", "Rosa", "Søren", "Thandiwe", "Uma", "Viktor", "Wen", "Xiomara",
    "Yusuf", "Zofia", "Amélie", "Björn", "Carmen", "Dmitri", "Eleni", "Femi", "Grace", "Henrik", "Ines", "Jamal",
    "Keiko", "Luca", "Maryam", "Nikolai",
)  # fmt: skip
FAMILY = (
    "Núñez", "Achterberg", "Balogun", "Castellanos", "Dragović", "Eriksen", "Fontaine", "Grzybowski", "Hashimoto",
    "Iyer", "Jankauskas", "Kamau", "Lindqvist", "Mbeki-Torres", "Nakagawa", "O’Sullivan", "Petrosyan", "Quispe",
    "Rahimi", "Szabó", "Tanaka", "Ugarte", "Vasquez", "Wójcik", "Xanthopoulos", "Yıldız", "Zamora", "Abernathy",
    "Brightwater", "Çelik", "Delacroix", "Ferreira", "Golightly", "Hovhannisyan", "Inoue", "Joubert", "Kowalski",
    "Lefebvre", "Marchetti", "Nwosu",
)  # fmt: skip
LONGEST = ("Maximiliana Theodora", "Featherstonehaugh-Wolfeschlegelsteinhausen")
