/* The cases of test_digests.c, and their digests: of the learnt tensors, and of predictions. */
#define CROSSENTROPY "categorical_crossentropy"

#define CONVOLUTIONS                                                                               \
    "Input shape=12,12,2; Rescaling scale=0.01 offset=-0.5; "                                      \
    "Conv2D filters=8 kernel_size=3,3 activation=relu kernel_initializer=he_normal; "              \
    "BatchNormalization; MaxPooling2D pool_size=2,2; "                                             \
    "Conv2D filters=12 kernel_size=3,3 groups=2 padding=same activation=leaky_relu "               \
    "kernel_initializer=he_uniform kernel_regularizer=l2; "                                        \
    "AveragePooling2D pool_size=3,3 strides=2,2 padding=same; Dropout rate=0.3; Flatten; "         \
    "Dense units=33 activation=tanh kernel_initializer=lecun_normal kernel_regularizer=l1 "        \
    "bias_initializer=ones; Dense units=10 activation=softmax"

#define SMALL                                                                                      \
    "Input shape=8,7,1; Conv2D filters=5 kernel_size=3,3 padding=same activation=relu; "           \
    "BatchNormalization; MaxPooling2D pool_size=2,2; "                                             \
    "Conv2D filters=18 kernel_size=3,3 strides=2,1 padding=same activation=relu; Flatten; "        \
    "Dense units=33 activation=relu; Dense units=10 activation=softmax"

#define RESIDUAL                                                                                   \
    "Input shape=9,7,3; Conv2D filters=5 kernel_size=3,2 strides=2,1 activation=elu "              \
    "kernel_initializer=lecun_uniform; LayerNormalization; "                                       \
    "Conv2D filters=5 kernel_size=1,1 activation=sigmoid kernel_initializer=glorot_normal; "       \
    "Add Conv2D filters=5 kernel_size=3,3 padding=same kernel_initializer=truncated_normal; "      \
    "GlobalAveragePooling2D; Dense units=10 activation=softmax "                                   \
    "kernel_initializer=random_normal kernel_regularizer=l1_l2"

/* Convolutions of 3 x 3 windows by fewer multiplications; outputs that fill no whole tile. */
#define TILES                                                                                      \
    "Input shape=11,9,3; Conv2D filters=16 kernel_size=3,3 padding=same activation=relu; "         \
    "BatchNormalization; Conv2D filters=32 kernel_size=3,3 padding=same; BatchNormalization; "     \
    "Activation activation=relu; Conv2D filters=16 kernel_size=3,3 activation=relu; "              \
    "GlobalAveragePooling2D; Dense units=10 activation=softmax"

/* Warps of images, before and after weights, joined and one by one. */
#define AUGMENTED                                                                                  \
    "Input shape=11,9,2; RandomTranslation height_factor=0.2 width_factor=0.3; "                   \
    "RandomRotation factor=0.1; RandomZoom height_factor=0.2 width_factor=0.4; "                   \
    "Conv2D filters=4 kernel_size=3,3 activation=tanh; "                                           \
    "RandomRotation factor=0.3 fill_mode=wrap; "                                                   \
    "RandomZoom height_factor=0.5 fill_mode=constant fill_value=0.5; "                             \
    "RandomTranslation height_factor=0.4 width_factor=0.3 fill_mode=nearest "                      \
    "interpolation=nearest; Flatten; Dense units=10 activation=softmax"

#define CHANGED                                                                                    \
    "Input shape=11,9,2; RandomErasing; RandomFlip; RandomShear x_factor=0.3 y_factor=0.2; "       \
    "RandomCrop height=10 width=9; Conv2D filters=4 kernel_size=3,3 activation=tanh; "             \
    "RandomErasing fill_value=0; RandomFlip mode=vertical; Flatten; "                              \
    "Dense units=10 activation=softmax"

#define DEFORMED                                                                                   \
    "Input shape=11,9,2; RandomElasticTransform; Conv2D filters=4 kernel_size=3,3 "                \
    "activation=tanh; RandomElasticTransform factor=1.0,1.0 fill_mode=constant; Flatten; "         \
    "Dense units=10 activation=softmax"

#define DENSE                                                                                      \
    "Input shape=60; Reshape target_shape=5,4,3; GlobalMaxPooling2D; "                             \
    "Dense units=70 kernel_initializer=random_uniform bias_initializer=constant; "                 \
    "Activation activation=sigmoid; "                                                              \
    "Dense units=10 activation=softmax kernel_initializer=glorot_uniform bias_initializer=zeros"

/* The layers that join branches. */
#define BRANCHES                                                                                   \
    "Input shape=9,7,3; Conv2D filters=5 kernel_size=3,2 padding=same activation=tanh; "           \
    "Conv2D filters=5 kernel_size=1,1 activation=sigmoid; Multiply GlobalAveragePooling2D; "       \
    "Average Conv2D filters=5 kernel_size=3,3 padding=same; Concatenate Conv2D filters=4 "         \
    "kernel_size=1,1; GlobalAveragePooling2D; Dense units=10 activation=softmax"

/* The layers that only move values. */
#define MOVED                                                                                      \
    "Input shape=7,6,3; ZeroPadding2D padding=1,0,0,2; Conv2D filters=5 kernel_size=3,2; "         \
    "UpSampling2D size=2,1 interpolation=bilinear; Permute dims=2,1,3; Cropping2D cropping=0,1; "  \
    "Conv2D filters=6 kernel_size=3,3 activation=tanh; Flatten; Dense units=10 activation=softmax"

/* Noise of all kinds, and groups of channels. */
#define NOISE                                                                                      \
    "Input shape=7,6,3; GaussianNoise stddev=0.2; Conv2D filters=6 kernel_size=3,2; "              \
    "GroupNormalization groups=3; PReLU alpha_initializer=random_uniform shared_axes=1,2; "        \
    "SpatialDropout2D rate=0.3; Conv2D filters=6 kernel_size=2,2 activation=selu; "                \
    "AlphaDropout rate=0.2; Flatten; Dense units=10 activation=softmax"

/* Convolutions that are dilated, depthwise, separable and transposed. */
#define WINDOWS                                                                                    \
    "Input shape=9,8,3; Conv2D filters=6 kernel_size=3,2 dilation_rate=2 activation=relu; "        \
    "DepthwiseConv2D kernel_size=3 padding=same depth_multiplier=2 activation=tanh; "              \
    "SeparableConv2D filters=18 kernel_size=2,3 activation=gelu; Conv2DTranspose filters=7 "       \
    "kernel_size=3 strides=2 padding=same; GlobalAveragePooling2D; "                               \
    "Dense units=10 activation=softmax"

/* The activations that no other case has. */
#define ACTIVATIONS                                                                                \
    "Input shape=9,7,3; Conv2D filters=5 kernel_size=3,2 activation=gelu; "                        \
    "Conv2D filters=6 kernel_size=1,1 activation=silu; Conv2D filters=7 kernel_size=2,2 "          \
    "activation=selu; Flatten; Dense units=20 activation=softplus; Dense units=20 "                \
    "activation=hard_sigmoid; Dense units=10 activation=softmax"

#define BINARY "Input shape=60; Dense units=70 activation=tanh; Dense units=10 activation=sigmoid"

#define NETWORK(name, layers, optimizer, options, loss)                                            \
    name, layers, optimizer, options, loss, NULL, NULL
#define LEARNER(name, learner, options) name, NULL, NULL, NULL, NULL, learner, options

static const struct digest_case cases[] = {
    { NETWORK("convolutions of bytes, Adam", CONVOLUTIONS, "Adam", "amsgrad=true", CROSSENTROPY),
      "80b1782a99a609c3fd492fbd98c4cc62c387ce7d9f7b3f674a54a69d6f7408c2",
      "00cc5df537e92f27251fdc6051a27fe98bf3a17b4d52a0d612b72338bb83e9ed" },
    { NETWORK("convolutions, AdamW", CONVOLUTIONS, "AdamW", "clipnorm=0.5", CROSSENTROPY),
      "f5bdf67e1e4b8f7f9908401078dad2dde8d8d137fc897cc013fc4f9d5d31e16e",
      "dcaf453acae5fb799d5e10efb6d7701460078924f81a83abea38689e301bec59" },
    { NETWORK("residual, RMSprop", RESIDUAL, "RMSprop", "centered=true momentum=0.5", CROSSENTROPY),
      "adc104c61ec32715a44313606cebee788789c9701eef07336f36108cb32c4c41",
      "5747969c76ac5b17c1d1bb6ef2e4efb6005c497eee618ed2d077335a8fd5c2c7" },
    { NETWORK("residual, Lamb", RESIDUAL, "Lamb", "weight_decay=0.01", CROSSENTROPY),
      "cdf5b2017ce8ca5bd70db309b7da350090942fcfba4fc26cd0d8dff490eb3ce3",
      "5b980e75c86a5453a66b4464ca61602f89d76ea78b39f244950b98401fbd3269" },
    { NETWORK("branches, Adam", BRANCHES, "Adam", "", CROSSENTROPY),
      "56d06594b3103870f9fad043f5f7431c01327d3c066cee5225f93a3a07d76911",
      "f07a5d77420b9453416d9b54759c03d0bd1554dc404ca08381d7ad126c7a1d6c" },
    { NETWORK("augmented, SGD", AUGMENTED, "SGD", "", CROSSENTROPY),
      "bc52cffa6514708e4df84d17aadf3d2c050b6274a5f328a181177c8dfb727528",
      "3fd8c780ee1726924c883336dc43357fdeae55961d86ecbde2c4b85613081bb9" },
    { NETWORK("flipped, cut and erased, SGD", CHANGED, "SGD", "", CROSSENTROPY),
      "9b7b15ecd0873e79d9c46a1bbea866cd1285581e25bb6198d26b9aa2dcc9f467",
      "54d374a310c44ddf60e0de48b2a42675b78bebad936f9049ce8b9ba25890e431" },
    { NETWORK("activations, Adam", ACTIVATIONS, "Adam", "", CROSSENTROPY),
      "c904a0aa563d49cc440a8d28682aff297204c8595cde175c9be9fedd17330b7c",
      "79e1a11110722a1574f126b355e83dccae227bcd9b22f517ff70bcb89091644b" },
    { NETWORK("moved, Adam", MOVED, "Adam", "", CROSSENTROPY),
      "dd01ff0463bc43b632f1a5b165eb1d948d40b3039e4309462e7b8c183265d150",
      "bcb6804baee1b172e2fd7bddc64e60abb3406e758b390d7ab0510cec49c0d55c" },
    { NETWORK("noise, Adam", NOISE, "Adam", "", CROSSENTROPY),
      "b584e21828ca513fb3de2730c5ce7bb536b37e46d338e987804b22590a20990d",
      "ea7766370c2c3e04c8900906fc54e96d3793b6b9f52bbc90eee85da5e34194f8" },
    { NETWORK("windows, Adam", WINDOWS, "Adam", "", CROSSENTROPY),
      "aa9d1b9b6bb35db5e0d11c08cdc8ffba8cda7e253ad2452484f19706d1f3d201",
      "aea3845bc1c25482ca371abbf14dcc821b8c1b909ebbe3f371e818d44d4b4224" },
    { NETWORK("deformed, SGD", DEFORMED, "SGD", "", CROSSENTROPY),
      "0b58afdafe0fa032e5ec737e1db05d309efeb1c9c65560d3d4728c1c0eef1f9e",
      "a8c08b2cdff980128afcac7a80e2fcda422ce44bbad4a3d00a1962578a50a2fd" },
    { NETWORK("tiles, Adam", TILES, "Adam", "", CROSSENTROPY),
      "144e7333614553ca5ec32c7cbea1fd8362eda0c74d3debfb92653703b131d0b6",
      "fcd2f04dc29562533015a00d0fb3d00217f9734b98c92b009f0670a758fd734a" },
    { NETWORK("dense, SGD", DENSE, "SGD", "momentum=0.9 nesterov=true", "mean_squared_error"),
      "5d7140c05bba226719d13895c256132fd53d5d1d32325aac7f869c830010c96c",
      "f5fb4c63184b433587b10f8beeee83894c78a7bbf832bfe20fbeff0b50445f8c" },
    { NETWORK("dense, Lion", DENSE, "Lion", "", CROSSENTROPY),
      "ffe98c467f74f3e42c564c9feb802942ac10c57009bdcb161984f49492a75ae8",
      "cddf5bc824f16e1cca650c66435f8cfd1022f0d588cb88936303b81194b7c39a" },
    { NETWORK("dense, RMSprop, focal", DENSE, "RMSprop", "weight_decay=0.01 clipvalue=0.01",
              "categorical_focal_crossentropy"),
      "7462ca013a4268f066a13c906931bbdb7219ebb2becf82be954dfb1304262c19",
      "df65e242102f26ad46887bfb9e39a539e1f1aaf6ca9aafef4eedb4204a6a280b" },
    { NETWORK("dense, Adam, binary", BINARY, "Adam", "use_ema=true global_clipnorm=0.1",
              "binary_crossentropy"),
      "4bbd62f22cebbf4e95f44c85a2f1bde2241275311b8b73f7755205701bf1811b",
      "f41340fb4873b844eb3d0b0291d035793fe63a22becfd081683d3390e74936b7" },
    { NETWORK("dense, SGD, Huber", DENSE, "SGD", "weight_decay=0.01", "huber"),
      "9912c589d6172c2e216be069e4c163757061c40e0822c7bda71ba3da359174d1",
      "3d3bd0e48c061fea33ae0c375021fa94d427befa994cda81ad1ffd459ce54ef7" },
    { NETWORK("dense, SGD, absolute", DENSE, "SGD", "momentum=0.5", "mean_absolute_error"),
      "82738b482a225fd948f32e8f8844ceda04c639a130ea3826d033ea4c3531def6",
      "e33cd6b31f26c8f9c8c749a562151d0ae9e35a1be9814b033682c324ee667121" },
    { NETWORK("convolutions, Muon", CONVOLUTIONS, "Muon", "use_ema=true", CROSSENTROPY),
      "fa864d0faca5288e9a15d1f8f4078f473463c4e9d7598e34470daf38da5afa19",
      "3c0be9f637260b30edc8ae0a17b59b25658da8d31da1efc38683114a4b2586a2" },
    { NETWORK("small, in bfloat16", SMALL, "Adam", "", CROSSENTROPY),
      "0633e5b3a76936e3a1fbe71e6b3ae2032d69024ca27b6287431b2626870c84ff",
      "aa39c56d4e46f84bd4a1da81ffea8a1058da628b93dae85cea3a97af6c90e9df", .bfloat16 = true },
    { NETWORK("quantized convolutions of bytes", CONVOLUTIONS, "Adam", "", CROSSENTROPY),
      "6b37bb82d74d961047b0a5cc80393eba31a309b5eb022e57984ab0eae4128951",
      "f7970beaed77101ae980f0b8ec9c562ce111ae590b759aa1c310a8953c80b9dc" },
    { NETWORK("quantized residual", RESIDUAL, "Adam", "", CROSSENTROPY),
      "6e9aa422fc0d8764fcb6ab6020e1e46c323fba5f9e90344920bbcd65cdadaf68",
      "aa302583860fc8e1c840349357f0058f2a9a181e2f1ce34536e5678c9231f41a" },
    { LEARNER("decision tree", "DecisionTree", "criterion=entropy max_depth=6"),
      "c3eb296be5a45b1d1a78677c0530da44978bd67bcfcf1076979929ee6d9ec6bc",
      "710f6373400edd9e3db688b90f7000dc2995599eec6701f14f151b53978de6a5" },
    { LEARNER("forest", "RandomForest", "n_estimators=9 oob_score=true"),
      "dfe659ce6214d65545b558ac40abd9be94bd61dbcba6a48567307ae835af92e0",
      "b75395344278d7adaf6e7b526de3389ce3193c0555e19d34e77e6a9885bfac44" },
    { LEARNER("forest of bytes, entropy", "RandomForest", "n_estimators=5 criterion=entropy"),
      "52f5226ef8ae5c8e96415c0b560ba8e6a6a5f23834378386f01466352d9b1eea",
      "c1ba60f1e62ab25cbc830f98007a21fd95c99167bd3ec9cf84f1b28c7fcb957a" },
    { LEARNER("boosting", "GradientBoosting", "n_estimators=6 subsample=0.8 colsample_bytree=0.5"),
      "9a6c8105636a6ae50d0c640aea659e5be2416d2c856c1e7a0b971e0630f2af6a",
      "15bf446bf45192c3e30d877286d34544b24c531391bc28302b85c3f9571d047e" },
    { LEARNER("boosting by leaves, rows by gradient", "GradientBoosting",
              "n_estimators=6 sampling_method=gradient_based subsample=0.4 grow_policy=lossguide "
              "max_leaves=9 max_depth=0"),
      "8f6fff773552fec23baf937650dde98201fef220ab7918567ba4ee889125a0e3",
      "02a50ffbde7b8d8397fe298c8c80238d66af569f9253e7fbd8bdc1058cf93832" },
    { LEARNER("logistic regression", "LogisticRegression", "max_iter=20"),
      "d454d313322b343c465daa301ba1f22ae284d3625323ff68a68938e92adb287f",
      "4f9956cb51698b39e00f4c1ad1a3acdefd7fd834fd5e941d9e830266aa7c58dc" },
    { LEARNER("neighbors", "KNeighbors", "n_neighbors=5 weights=distance"),
      "3bbbaf62b3f074d23332364eb79ea8c8644807bf7efbe1f88789ae7c9096651a",
      "534e9f73faaaa7354b3bb8411782c23316294a8e5ad6e98829864eb225fdb13e" },
    { LEARNER("centroids", "NearestCentroid", "shrink_threshold=0.1"),
      "d66ab89bd86e1df16efd00fd47f9b1bbbcd7dcaaa5544acc537266aebd883731",
      "75ea9bd02f6395393b11794d6a92ecc704601e82f5e9d7f41a833f97453d4bf7" },
    { LEARNER("ensemble", "LogisticRegression", "max_iter=20"),
      "d09c2ef63bf1774cf1a3972c31e0eb34c544d17fce2a3b546d563cca5ffdc017",
      "515defb13cbcbbe0be76e5de75012e91add4f626b1b32c433e359bdc361d85ee" },
};

enum { CASES = sizeof cases / sizeof *cases };
